// By phone, in front of a display: what it is to be. One walks from screen to screen with it.

import { html, nothing, render } from "lit";
import { call, identifier, type Problem } from "./api";
import { keep, recall } from "./kept";
import type { Lab } from "./lab_items";
import { Live } from "./live";
import { drawing, page } from "./page";
import { closedDoor } from "./parts/door";
import { labsOnce } from "./parts/lab_sign";
import { facesFor } from "./parts/screen_faces";
import type { Screen } from "./protocol";
import { enter, roleOf } from "./session";

const RUNNERS = ["operator", "admin"];
const LAST = "screen.claim"; // what the screen before was made: the next is often the same

interface Claim {
  name: string;
  face: Screen["face"];
  channel: string;
  lab: string;
  group: string;
  sound: boolean;
}

const $ = (selector: string) => document.querySelector<HTMLElement>(selector) as HTMLElement;

const draw = drawing(redraw);
const live = new Live(draw);
const key = identifier();
const claim: Claim = {
  ...{ face: "live", channel: page.channels[0]?.id ?? "", lab: "", group: "", sound: false },
  ...recall<Partial<Claim>>(LAST, {}),
  name: "",
};
let labs: Lab[] = [];
let pass = ""; // what the server said of the pass they came with
let problem = "";
let busy = false;
let done: Screen | undefined;

void enter().then((said) => {
  pass = said;
  live.follow("channels");
});
void labsOnce().then((found) => {
  labs = found;
  draw();
});

function redraw(): void {
  const role = roleOf(live, draw);
  if (role === undefined) return;
  const allowed = RUNNERS.includes(role);
  render(allowed ? nothing : closedDoor("Régie", pass, role), $("#closed"));
  render(allowed ? (done ? claimed(done) : form()) : nothing, $("#claim"));
}

function form() {
  return html`<form class="screen-claim" @submit=${send}>
    <p class="eyebrow">Associer un écran</p>
    <h1 class="claim-code">${page.code}</h1>
    <label class="field">
      <span>Son nom</span>
      <input
        type="text"
        required
        maxlength="60"
        autocomplete="off"
        placeholder="Hall, à droite de l’entrée"
        @input=${(event: Event) => (claim.name = typed(event))}
      />
    </label>
    <fieldset class="field">
      <legend>Il montre</legend>
      ${facesFor(labs).map(
        ([face, name, what]) =>
          html`<label class="choice">
            <input
              type="radio"
              name="face"
              .checked=${face === claim.face}
              @change=${() => change({ face })}
            />
            <span>${name}<small>${what}</small></span>
          </label>`,
      )}
    </fieldset>
    ${claim.face === "lab" || (labs.length && claim.face !== "comparison") ? ofLab() : nothing}
    ${claim.face === "live" && page.channels.length > 1 ? ofChannel() : nothing}
    <label class="field">
      <span>Son groupe <small>facultatif\u00a0: on envoie à tout un groupe d’un coup</small></span>
      <input
        type="text"
        maxlength="40"
        autocomplete="off"
        .value=${claim.group}
        @input=${(event: Event) => (claim.group = typed(event))}
      />
    </label>
    ${
      claim.face === "live"
        ? html`<label class="choice">
            <input
              type="checkbox"
              .checked=${claim.sound}
              @change=${(event: Event) =>
                change({ sound: (event.target as HTMLInputElement).checked })}
            />
            <span>Avec le son<small>S’il n’y a pas d’autre son dans la salle</small></span>
          </label>`
        : nothing
    }
    <p class="trouble" role="alert">${problem}</p>
    <button class="primary" ?disabled=${busy}>Associer</button>
  </form>`;
}

function ofLab() {
  const must = claim.face === "lab";
  return html`<label class="field">
    <span>${must ? "Le laboratoire" : "Dans la salle du laboratoire"}</span>
    <select @change=${(event: Event) => change({ lab: chosen(event) })}>
      ${must ? nothing : html`<option value="" ?selected=${!claim.lab}>Aucun</option>`}
      ${labs.map(
        ({ id, name }) =>
          html`<option value=${id} ?selected=${id === claim.lab}>${name}</option>`,
      )}
    </select>
  </label>`;
}

function ofChannel() {
  return html`<label class="field">
    <span>Le canal</span>
    <select @change=${(event: Event) => change({ channel: chosen(event) })}>
      ${page.channels.map(
        ({ id, name }) =>
          html`<option value=${id} ?selected=${id === claim.channel}>${name}</option>`,
      )}
    </select>
  </label>`;
}

function claimed({ name }: Screen) {
  return html`<section class="screen-claim" role="status">
    <p class="eyebrow">C’est fait</p>
    <h1>${name}</h1>
    <p>L’écran montre son nom pendant dix secondes : vérifiez que c’est bien celui-ci.</p>
    <p>Pour le suivant, scannez son code.</p>
    <a class="quiet" href="/regie">Voir tous les écrans en régie</a>
  </section>`;
}

function change(to: Partial<Claim>): void {
  Object.assign(claim, to);
  if (claim.face === "lab" && !labs.some(({ id }) => id === claim.lab)) {
    claim.lab = labs[0]?.id ?? "";
  }
  draw();
}

async function send(event: SubmitEvent): Promise<void> {
  event.preventDefault();
  if (busy) return;
  busy = true;
  problem = "";
  draw();
  try {
    const said = { ...claim, code: page.code };
    done = await call<Screen>("POST", "/api/v1/screens", said, { "idempotency-key": key });
    const { name: _, ...next } = claim;
    keep(LAST, next);
    await call("POST", `/api/v1/screens/${done.id}:spot`, {}).catch(() => {}); // its name says it all
  } catch (error) {
    problem = (error as Problem).message;
  }
  busy = false;
  draw();
}

function typed(event: Event): string {
  return (event.target as HTMLInputElement).value;
}

function chosen(event: Event): string {
  return (event.target as HTMLSelectElement).value;
}
