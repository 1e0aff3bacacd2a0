// What « Signaler » opens: why, in one tap; a word more if one likes; and that it was received.

import { html, nothing } from "lit";
import { live } from "lit/directives/live.js";
import { call, Problem } from "../api";
import { t } from "../language";
import { forgotten, join } from "../session";
import type { Reported } from "./alert";
import { Sheet } from "./sheet";
import { typeset } from "./text";

const NOTE = 200; // characters, as the server has it
const QUOTED = 240; // characters of what is reported that are shown again

const GROUNDS: [string, string][] = [
  ["offensive", t("Propos déplacés ou haineux")],
  ["personal", t("Met en cause une personne")],
  ["private", t("Donnée personnelle, ou image sans accord")],
  ["illegal", t("Contenu interdit par la loi")],
  ["advertising", t("Publicité")],
  ["other", t("Autre raison")],
];

const sheet = new Sheet("alert");
const told = new Set<string>(); // reported from this page
let reported: Reported;
let grounds = "";
let note = "";
let trouble = "";
let sending = false;

export function report(what: Reported): void {
  reported = what;
  grounds = note = trouble = "";
  draw();
  sheet.open();
}

function draw(): void {
  if (told.has(reported.id)) sheet.draw(t("Signalement reçu"), done());
  else sheet.draw(t("Signaler"), form());
}

function form() {
  const { text } = reported;
  const short = text.length > QUOTED ? `${text.slice(0, QUOTED)}…` : text;
  return html`<form class="composer" @submit=${submit}>
    <div class="quotation">
      <p>${text ? typeset(short) : t("Une image")}</p>
    </div>
    <fieldset class="alert-grounds">
      <legend>${t("Pourquoi\u202f?")}</legend>
      ${GROUNDS.map(
        ([value, words]) =>
          html`<label class="option">
            <input
              type="radio"
              name="grounds"
              value=${value}
              required
              .checked=${live(grounds === value)}
              @change=${() => {
                grounds = value;
                draw();
              }}
            />
            <span>${words}</span>
          </label>`,
      )}
    </fieldset>
    <label for="alert-note">${t("Une précision\u202f? (facultatif)")}</label>
    <textarea
      id="alert-note"
      rows="2"
      maxlength=${NOTE}
      .value=${live(note)}
      @input=${(event: Event) => {
        note = (event.target as HTMLTextAreaElement).value;
      }}
    ></textarea>
    ${trouble ? html`<p class="trouble" role="alert">${trouble}</p>` : nothing}
    <footer>
      <p class="note">${t("Les modérateurs ne voient pas votre nom.")}</p>
      <button class="primary" aria-disabled=${sending ? "true" : nothing}>
        ${sending ? t("Envoi…") : t("Envoyer")}
      </button>
    </footer>
  </form>`;
}

function done() {
  return html`<div class="composer">
    <p role="status">
      ${t("Merci. Un modérateur va regarder. Si vous l’avez signalé par erreur, ce n’est pas grave.")}
    </p>
    <footer>
      <a href="/charte#signaler">${t("Ce qui se passe ensuite")}</a>
      <button type="button" class="primary" autofocus @click=${() => sheet.close()}>
        ${t("Fermer")}
      </button>
    </footer>
  </div>`;
}

async function submit(event: Event): Promise<void> {
  event.preventDefault();
  if (sending) return;
  const { about, id } = reported;
  sending = true;
  trouble = "";
  draw();
  try {
    await join();
    await call("POST", "/api/v1/alerts", { about, id, grounds, note });
    told.add(id);
  } catch (error) {
    if (error instanceof Problem && error.status === 401) forgotten(); // the next try joins anew
    trouble = (error as Error).message;
  }
  sending = false;
  draw();
  if (told.has(id)) sheet.find("[autofocus]")?.focus();
}
