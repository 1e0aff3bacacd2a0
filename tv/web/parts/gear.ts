// The gear of a player, and the sheet behind it, which is loaded when somebody opens it.

import { html, nothing } from "lit";
import type { Position, Preferences } from "../kept";
import * as icons from "./icons";
import { asked, dressed } from "./later";
import type { Rhythm } from "./rhythms";

type Sheet = typeof import("./settings_sheet");

/** What differs between the direct and a replay: there all words are known already. */
export interface Place {
  title: string; // of all that is set there
  live: boolean;
  keys: [string, string][]; // and what each does
}

export class Gear {
  private sheet: Sheet | null = null;
  private isOpen = false;

  /** `set` keeps a change, and draws. */
  constructor(
    private readonly place: Place,
    private readonly set: (change: Partial<Preferences>) => void,
  ) {}

  /**
   * `notes` say what captions they are, and how the picture comes; `rhythms` are to choose from;
   * `first` draws what else there is to set, above.
   */
  render(
    position: Position,
    notes: string[],
    rhythms: Rhythm[] = [],
    first: (sheet: Sheet) => unknown = () => nothing,
  ) {
    const { place, sheet, isOpen, set } = this;
    return html`<div class="settings">
      <button
        class="tool"
        aria-label=${place.title}
        title=${place.title}
        aria-expanded=${isOpen}
        aria-controls="settings-sheet"
        @click=${() => this.open(!isOpen)}
      >
        ${icons.settings}
      </button>
      <div
        id="settings-sheet"
        class="sheet"
        role="group"
        aria-label=${place.title}
        ?hidden=${!isOpen}
        @keydown=${(event: KeyboardEvent) => {
          if (event.key === "Escape") this.open(false);
        }}
      >
        ${sheet && isOpen ? [first(sheet), sheet.reading(place, position, notes, rhythms, set)] : nothing}
      </div>
    </div>`;
  }

  private open(open: boolean): void {
    if (open && !this.sheet) return void this.load();
    this.isOpen = open;
    this.set({});
    const sheet = document.querySelector("#settings-sheet");
    const first = sheet?.querySelector<HTMLElement>("[type=radio]:checked, [type=range]");
    if (open) first?.focus();
    else document.querySelector<HTMLElement>(".settings .tool")?.focus();
  }

  private async load(): Promise<void> {
    this.sheet = await asked(() => dressed(import("./settings_sheet")));
    if (this.sheet) this.open(true);
  }
}
