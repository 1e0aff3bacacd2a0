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

export function keep(name: string, value: unknown): void {
  try {
    if (value == null || value === "") localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // private browsing: kept for this page only
  }
}

export type Position = "bottom" | "top" | "below";

export interface Preferences {
  captions: boolean;
  size: number; // percent, 100 to 250
  position: Position | null; // null: what suits the screen
  solid: boolean; // an opaque band behind captions
  synchronised: boolean;
  shortcuts: boolean;
  announce: boolean; // captions to a screen reader
}

export const preferences: Preferences = {
  captions: true,
  size: 100,
  position: null,
  solid: false,
  synchronised: false,
  shortcuts: true,
  announce: false,
  ...recall<object>("preferences", {}),
};

export function prefer(change: Partial<Preferences>): void {
  Object.assign(preferences, change);
  keep("preferences", preferences);
}
