// A sheet over the page: what it is called, what stands in it, and what closes it.

import { html, render } from "lit";
import { t } from "../language";
import * as icons from "./icons";

export class Sheet {
  private readonly dialog = document.createElement("dialog");

  /**
   * `name` is no other sheet's; `kept`: only its buttons close it, neither Escape nor a tap
   * beside it.
   */
  constructor(
    private readonly name: string,
    kept = false,
  ) {
    const { dialog } = this;
    dialog.className = `sheet-dialog ${name}-sheet`;
    dialog.setAttribute("aria-labelledby", `${name}-title`);
    if (kept) dialog.addEventListener("cancel", (event) => event.preventDefault());
    else dialog.addEventListener("click", (event) => beside(event) && dialog.close());
    document.body.append(dialog);
  }

  get shown(): boolean {
    return this.dialog.open;
  }

  open(): void {
    if (!this.dialog.open) this.dialog.showModal();
  }

  close(): void {
    this.dialog.close();
  }

  /** `closing` is what its button says, where closing does more than that. */
  draw(title: string, content: unknown, closing = t("Fermer")): void {
    render(
      html`<header class="sheet-head">
          <h2 id="${this.name}-title">${title}</h2>
          <button
            type="button"
            class="tool"
            aria-label=${closing}
            title=${t("Fermer")}
            @click=${() => this.close()}
          >
            ${icons.close}
          </button>
        </header>
        ${content}`,
      this.dialog,
    );
  }

  find<T extends HTMLElement>(selector: string): T | null {
    return this.dialog.querySelector<T>(selector);
  }
}

/** Whether a click is on what is around the sheet: its own edge belongs to it. */
function beside({ target, currentTarget, clientX, clientY }: MouseEvent): boolean {
  if (target !== currentTarget) return false;
  const { left, right, top, bottom } = (target as HTMLElement).getBoundingClientRect();
  return clientX < left || clientX > right || clientY < top || clientY > bottom;
}
