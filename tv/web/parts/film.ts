// The film of a talk to keep: asked for, made while one watches, then taken.

import { html, nothing } from "lit";
import type { Problem } from "../api";
import { percent } from "../french";
import { t } from "../language";
import type { FilmOrder, Making } from "../recorded";
import { pause } from "../waiting";
import * as icons from "./icons";
import { announce } from "./text";
import { variable } from "./variable";

const LOOK = 1; // seconds between two looks at how far it is

export class Film {
  private making: Making | null = null; // since it was asked for

  /** `order` is called when it is asked for; `text` is what the button says until then. */
  constructor(
    private readonly order: () => FilmOrder,
    private readonly text: string,
    private readonly changed: () => void,
  ) {}

  render() {
    const { making } = this;
    const part = making?.progress ?? 0;
    return html`<button
      class="quiet film ${making ? "making" : ""}"
      aria-disabled=${making ? "true" : nothing}
      ${variable("--part", String(part))}
      @click=${() => void this.make()}
    >
      ${icons.download}
      <span>
        ${making ? t("Préparation de la vidéo… {part}", { part: percent(part, 1) }) : this.text}
      </span>
    </button>`;
  }

  private async make(): Promise<void> {
    if (this.making) return;
    const order = this.order();
    announce(t("La vidéo se prépare. Le téléchargement commencera tout seul."));
    try {
      let making = await this.told(order.ask());
      while (making.state !== "ready") {
        if (making.state === "failed")
          throw new Error(making.detail || t("La vidéo n’a pas pu être préparée."));
        await pause(LOOK);
        // Words corrected meanwhile make another film of it, which has to be asked for as well.
        making = await this.told(making.state === "none" ? order.ask() : order.look(making));
      }
      this.take(making.url ?? "");
    } catch (error) {
      announce((error as Problem).message, true);
    } finally {
      this.making = null;
      this.changed();
    }
  }

  private async told(told: Promise<Making>): Promise<Making> {
    this.making = await told;
    this.changed();
    return this.making;
  }

  private take(address: string): void {
    const link = document.createElement("a");
    link.href = address;
    link.download = "";
    link.click();
    announce(t("Le téléchargement commence."));
  }
}
