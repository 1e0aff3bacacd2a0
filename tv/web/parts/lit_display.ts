// Keeps a display lit that nobody touches. Browsers take that back from pages that are hidden.

let wanted = false;
let lock: WakeLockSentinel | undefined;

export function keepLit(on: boolean): void {
  if (on === wanted) return;
  wanted = on;
  void ask();
}

document.addEventListener("visibilitychange", () => void ask());

async function ask(): Promise<void> {
  if (!wanted) return lock?.release().catch(() => {});
  if (document.hidden || (lock && !lock.released)) return;
  lock = await navigator.wakeLock?.request("screen").catch(() => undefined);
}
