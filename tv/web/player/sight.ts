// Whether anybody can see the pictures of this page: a tab in the background decodes nothing, but
// its picture may float in a window of its own.

let floating = false;

export function float(on: boolean): void {
  floating = on;
  document.dispatchEvent(new Event("visibilitychange"));
}

export function inSight(): boolean {
  return floating || !document.hidden;
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
