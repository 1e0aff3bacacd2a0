// Whether anybody can see the pictures of this page: a tab in the background decodes nothing, but
// its picture may float in a window of its own.

let floating = false;
let leftAt = -Infinity; // ms, as performance.now(): when they last went out of sight

document.addEventListener("visibilitychange", () => {
  if (!inSight()) leave();
});
document.addEventListener("webkitendfullscreen", leave, true); // an iPhone's own

export function float(on: boolean): void {
  floating = on;
  document.dispatchEvent(new Event("visibilitychange"));
}

export function inSight(): boolean {
  return floating || !document.hidden;
}

function leave(): void {
  leftAt = performance.now();
}

/**
 * Whether the page went out of sight, or an iPhone's own full screen was left, within a second of
 * `time` (ms, as performance.now()): some browsers pause pictures then.
 */
export function leftNear(time: number): boolean {
  return Math.abs(leftAt - time) < 1000;
}

/** Whether an iPhone shows nothing but this picture, which fills the screen until it is taken away. */
export function alone(video: HTMLVideoElement): boolean {
  return Boolean((video as { webkitDisplayingFullscreen?: boolean }).webkitDisplayingFullscreen);
}

/** Resolves when the pictures can be seen. */
export function sighted(): Promise<void> {
  return new Promise((done) => {
    const look = () => {
      if (!inSight()) return;
      document.removeEventListener("visibilitychange", look);
      done();
    };
    document.addEventListener("visibilitychange", look);
    look();
  });
}
