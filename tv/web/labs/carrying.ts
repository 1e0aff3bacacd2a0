// Taking an idea to another table: it keeps where it comes from.

import { html } from "lit";
import type { Idea, Table } from "../lab_items";
import { Sheet } from "../parts/sheet";
import { typeset } from "../parts/text";

export class Carrying {
  private readonly sheet = new Sheet("carrying");

  /** `carry` is called with the id of a table. */
  constructor(private readonly carry: (idea: Idea, table: string) => void) {}

  /** `tables` are those of the laboratory, by number. */
  open(idea: Idea, tables: Table[]): void {
    const been = new Set([idea.table, ...idea.stops.map(({ table }) => table)]);
    this.sheet.draw(
      "Porter l’idée à une autre table",
      html`<div class="carrying">
        <p class="quotation">${typeset(idea.text || "Une image")}</p>
        <p class="note">Elle reste ici aussi. L’autre table verra d’où elle vient.</p>
        <div class="table-choice">
          ${tables.map(
            ({ id, number }) =>
              html`<button
                type="button"
                class="quiet"
                ?disabled=${been.has(id)}
                @click=${() => {
                  this.sheet.close();
                  this.carry(idea, id);
                }}
              >
                <span>Table</span> ${number}
              </button>`,
          )}
        </div>
      </div>`,
      "Ne pas la porter",
    );
    this.sheet.open();
  }
}
