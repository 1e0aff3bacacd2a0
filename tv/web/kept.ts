// What this device remembers between two visits. Storage may be full or refused: then it forgets.

const PREFIX = "fabrique.";

export function recall<T>(name: string, otherwise: T): T {
  try {
    const text = localStorage.getItem(PREFIX + name);
    return text == null ? otherwise : (JSON.parse(text) as T);
  } catch {
    return otherwise;
  }
}

/** All that is kept under names that begin so, by what follows. */
export function recallAll<T>(beginning: string): Map<string, T> {
  const found = new Map<string, T>();
  try {
    for (const key of Object.keys(localStorage)) {
      if (!key.startsWith(PREFIX + beginning)) continue;
      const value = recall<T | null>(key.slice(PREFIX.length), null);
      if (value != null) found.set(key.slice(PREFIX.length + beginning.length), value);
    }
  } catch {
    // nothing was kept
  }
  return found;
}

export function keep(name: string, value: unknown): void {
  try {
    if (value == null || value === "") localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // private browsing: kept for this page only
  }
}

/** Forget all that people wrote and who they were: what is left is how they like to read. */
export function forgetAll(): void {
  try {
    const names = Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));
    for (const name of names) {
      if (name !== `${PREFIX}preferences`) localStorage.removeItem(name);
    }
  } catch {
    // nothing was kept
  }
}

export type Position = "bottom" | "top" | "below";
export type Ground = "veil" | "solid" | "none";

/** The picture as the line carries it, one quality of it, the sound alone, or words alone. */
export type Reception = "auto" | "source" | `${number}p` | "sound" | "words";

/** Where the picture of the sign-language interpreter is; "": nowhere. */
export type Signs = "" | "corner" | "beside";

export interface Preferences {
  captions: boolean;
  size: number; // percent, 100 to 250
  position: Position | null; // null: what suits the screen
  ground: Ground; // what is behind captions
  synchronised: boolean;
  shortcuts: boolean;
  announce: boolean; // captions to a screen reader
  reception: Reception;
  signs: Signs;
  signsSize: number; // percent of the picture's width
}

export const preferences: Preferences = {
  captions: true,
  size: 100,
  position: null,
  ground: "veil",
  synchronised: false,
  shortcuts: true,
  announce: false,
  reception: "auto",
  signs: "",
  signsSize: 28,
  ...recall<object>("preferences", {}),
};

export function prefer(change: Partial<Preferences>): void {
  Object.assign(preferences, change);
  keep("preferences", preferences);
}
