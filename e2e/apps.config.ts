import { defineConfig } from '@playwright/test';
import shared from './playwright.config';

// Apps outside of this one, which `cargo xtask test wasm` serves meanwhile.
export default defineConfig({ ...shared, testDir: 'apps' });
