// Taking an idea to another table: it keeps where it comes from.

import { html, render } from "lit";
import type { Idea, Table } from "../lab_items";
import * as icons from "../parts/icons";
import { typeset } from "../parts/text";

export class Carrying {
  /** `dialog` is empty; `carry` is called with the id of a table. */
  constructor(
    private readonly dialog: HTMLDialogElement,
    private readonly carry: (idea: Idea, table: string) => void,
  ) {
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
  }

  /** `tables` are those of the laboratory, by number. */
  open(idea: Idea, tables: Table[]): void {
    const been = new Set([idea.table, ...idea.stops.map(({ table }) => table)]);
    render(
      html`<div class="carrying">
        <header>
          <h2 id="carrying-title">Porter l’idée à une autre table</h2>
          <button
            type="button"
            class="tool"
            aria-label="Ne pas la porter"
            title="Fermer"
            @click=${() => this.dialog.close()}
          >
            ${icons.close}
          </button>
        </header>
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
                  this.dialog.close();
                  this.carry(idea, id);
                }}
              >
                <span>Table</span> ${number}
              </button>`,
          )}
        </div>
      </div>`,
      this.dialog,
    );
    this.dialog.showModal();
  }
}
