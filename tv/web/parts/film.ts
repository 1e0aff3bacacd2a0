// The film of a talk to keep: asked for, made while one watches, then taken.

import { html, nothing } from "lit";
import { call, type Problem } from "../api";
import { percent } from "../french";
import { pause } from "../waiting";
import * as icons from "./icons";
import { announce } from "./text";
import { variable } from "./variable";

const LOOK = 1; // seconds between two looks at how far it is

export interface Making {
  state: string; // "none", "waiting", "making", "ready", "failed"
  progress: number; // 0 to 1
  url?: string | null;
  detail?: string | null;
}

export class Film {
  private making: Making | null = null; // since it was asked for

  /** `address` makes it and tells of it. */
  constructor(
    private readonly address: string,
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
        ${making ? `Préparation de la vidéo… ${percent(part, 1)}` : "Télécharger la vidéo"}
      </span>
    </button>`;
  }

  private async make(): Promise<void> {
    if (this.making) return;
    announce("La vidéo se prépare. Le téléchargement commencera tout seul.");
    try {
      let making = await this.told("POST");
      while (making.state !== "ready") {
        if (making.state === "failed")
          throw new Error(making.detail || "La vidéo n’a pas pu être préparée.");
        await pause(LOOK);
        // Words corrected meanwhile make another film of it, which has to be asked for as well.
        making = await this.told(making.state === "none" ? "POST" : "GET");
      }
      this.take(making.url ?? "");
    } catch (error) {
      announce((error as Problem).message, true);
    } finally {
      this.making = null;
      this.changed();
    }
  }

  private async told(method: "POST" | "GET"): Promise<Making> {
    const body = method === "POST" ? {} : undefined;
    this.making = await call<Making>(method, this.address, body);
    this.changed();
    return this.making;
  }

  private take(address: string): void {
    const link = document.createElement("a");
    link.href = address;
    link.download = "";
    link.click();
    announce("Le téléchargement commence.");
  }
}
