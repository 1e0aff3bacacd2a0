// What keys do on a page that plays; « ? » lists them (key_list.ts).

import { preferences } from "../kept";
import { asked } from "./later";

export interface Key {
  keys: string[]; // as events name them, small letters
  text: string; // what it does
  act: () => void;
  within?: boolean; // only while one is in the player
}

const WRITING = "input:not([type=radio], [type=checkbox]), textarea, select, dialog";
const PRESSING = "button, a, summary, [role=button], [role=tab], input";
const MOVING = "input, [role=tab], [role=log]";

export class Keys {
  /** `known` are what keys do now; `others` are listed as well, as key and what it does. */
  constructor(
    private readonly known: () => Key[],
    private readonly others: [string, string][],
  ) {
    document.addEventListener("keydown", (event) => this.press(event));
  }

  private press(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || target.closest(WRITING)) return;
    if (event.key === "?") return void this.list(); // also to have the others back
    if (!preferences.shortcuts) return;
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const key = this.known().find(({ keys }) => keys.includes(name));
    if (!key || (key.within && !target.closest(".scene"))) return;
    if (name === " " && target.closest(PRESSING)) return;
    if (name.startsWith("Arrow") && target.closest(MOVING)) return;
    event.preventDefault();
    if (!event.repeat || name.startsWith("Arrow")) key.act(); // one that is held only moves on
  }

  private async list(): Promise<void> {
    (await asked(() => import("./key_list")))?.list(this.known(), this.others);
  }
}
