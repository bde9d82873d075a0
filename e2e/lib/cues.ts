// What a page would call a person with: notifications, tones and the badge of the app, recorded instead of shown.
import type { BrowserContext, Page } from '@playwright/test';

export interface Cues {
  notifications: { title: string; body?: string; tag?: string; closed: boolean }[];
  /** Frequencies of the tones, Hz. */
  tones: number[];
  appBadges: number[];
  /** How often the permission was asked for. */
  asked: number;
}

/** In every page opened from now on. `permission`: before anybody is asked; then it is granted. */
export async function recordCues(context: BrowserContext, permission: NotificationPermission = 'granted'): Promise<void> {
  await context.addInitScript((permission) => {
    const cues = { notifications: [] as object[], tones: [] as number[], appBadges: [] as number[], asked: 0 };
    class Recorded extends EventTarget {
      static permission = permission;
      static async requestPermission() {
        cues.asked += 1;
        return (Recorded.permission = 'granted');
      }
      closed = false;
      body?: string;
      tag?: string;
      constructor(public title: string, options: { body?: string; tag?: string } = {}) {
        super();
        this.body = options.body;
        this.tag = options.tag;
        cues.notifications.push(this);
      }
      close() {
        this.closed = true;
      }
    }
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (this: OscillatorNode, at?: number) {
      cues.tones.push(Math.round(this.frequency.value));
      start.call(this, at);
    };
    Object.assign(navigator, { setAppBadge: async (count: number) => void cues.appBadges.push(count) });
    Object.assign(window, { Notification: Recorded, recordedCues: cues });
  }, permission);
}

/** What a page did so far. */
export function cuesOf(page: Page): Promise<Cues> {
  return page.evaluate(() => {
    const { notifications, ...rest } = (window as unknown as { recordedCues: Cues }).recordedCues;
    return { ...rest, notifications: notifications.map(({ title, body, tag, closed }) => ({ title, body, tag, closed })) };
  });
}

/** The person presses the last notification of a page. */
export function pressNotification(page: Page): Promise<void> {
  return page.evaluate(() => {
    const { notifications } = (window as unknown as { recordedCues: { notifications: EventTarget[] } }).recordedCues;
    notifications.at(-1)!.dispatchEvent(new Event('click'));
  });
}
