import type { Reporter, TestCase, TestResult } from '@playwright/test/reporter';
import { writeFileSync } from 'node:fs';

// Writes which tests failed, and why, into the file named by E2E_FAILURES: `cargo xtask test` says it again at its end, below
// all that came after the tests.
export default class Failures implements Reporter {
  private readonly file = process.env.E2E_FAILURES;
  private readonly failed: string[] = [];

  onTestEnd(test: TestCase, result: TestResult) {
    if (test.outcome() !== 'unexpected') return;
    const why = (result.error?.message ?? result.status).split('\n').slice(0, 8).join('\n    ');
    this.failed.push(`${test.titlePath().slice(2).join(' > ')}\n    ${why}`);
  }

  onEnd() {
    if (this.file !== undefined && this.failed.length > 0) writeFileSync(this.file, this.failed.join('\n'));
  }
}
