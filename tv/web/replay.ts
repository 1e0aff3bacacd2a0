// The page of a talk that is over: its picture, its words, what happened during it.

import { html, nothing, render } from "lit";
import { call, Problem } from "./api";
import { hour, stopwatch } from "./french";
import type { Lab } from "./lab_items";
import { t } from "./language";
import { drawing, page } from "./page";
import { CrewBand } from "./parts/crew_band";
import { Film } from "./parts/film";
import { chapters, polls, questions, syntheses } from "./parts/happened";
import * as icons from "./parts/icons";
import { labsOnce } from "./parts/lab_sign";
import { Said } from "./parts/said";
import { Screening } from "./parts/screening";
import { Search } from "./parts/search";
import { SendToLab } from "./parts/send_to_lab";
import { tabs } from "./parts/tabs";
import { announce, typeset } from "./parts/text";
import { type Mark, NEARLY } from "./parts/timeline";
import { type Replay, cuesOf, filmOf, paragraphsOf, replayOf } from "./recorded";
import { Requests } from "./requests";
import { enter } from "./session";
import "./shell";
import { pictureAt, thumbnailsAt } from "./thumbnails";
import { pause } from "./waiting";

const CREW = ["operator", "admin"]; // who cuts and publishes
const SENDERS = ["moderator", ...CREW]; // who sends to laboratories
const QUOTE = 500; // characters of what was said, as the server takes it
const WRITING = 2; // seconds between two looks at a replay whose end is still being written
const RETRY = 2; // seconds before a picture that was lost is asked for again
const LINKED = 5; // seconds into the film before a link names its moment

const $ = (selector: string) => document.querySelector<HTMLElement>(selector) as HTMLElement;

const talk = page.talk ?? "";
const draw = drawing(redraw);
const screening = new Screening($("#stage"), $("#bar"));
const said = new Said($("#words"), go, draw);
const search = new Search(showFound);
const film = new Film(() => filmOf(talk), t("Télécharger la vidéo"), draw);
const band = new CrewBand(() => screening.moment(), draw, () => void load(), talk);
const toLab = new SendToLab(new Requests(draw));
const show = tabs($("#tabs"), ["words", "chapters", "questions"], draw);

let replay: Replay | null = null;
let crew = false;
let sends = false; // this crew, where there are laboratories
let labs: Lab[] = [];
let gone = ""; // why there is nothing to see
let wordless = false; // nobody captioned it
let chapter = -1; // the rank of the one that is shown

screening.onMoment = (time) => {
  said.hear(time);
  const now = replay?.chapters.findLastIndex(({ start }) => start <= time + NEARLY) ?? -1;
  if (now !== chapter) draw();
  chapter = now;
};
screening.onLost = () => void pause(RETRY).then(() => load(true));

void enter().then(async (trouble) => {
  if (trouble) announce(trouble, true);
  const session = call<{ role: string }>("GET", "/api/v1/session").catch(() => ({ role: "" }));
  const [{ role }, found] = await Promise.all([session, labsOnce()]);
  labs = found;
  crew = CREW.includes(role);
  sends = SENDERS.includes(role) && labs.length > 0;
  await load();
  show("words");
});

/** Fetch the replay, and again when it has become another one, or its picture was `lost`. */
async function load(lost = false): Promise<void> {
  try {
    const found = await replayOf(talk);
    const first = replay === null;
    const other = replay?.playlist !== found.playlist || replay.start !== found.start;
    const changed = other || replay?.end !== found.end || replay.complete !== found.complete;
    const asked = first ? found.start + askedFor() : screening.moment();
    replay = found;
    if (changed || lost) screening.show(found, Math.min(found.end - 1, Math.max(found.start, asked)));
    fill(found);
    if (!found.complete) void pause(WRITING).then(() => load());
  } catch (problem) {
    const { status, message } = problem as Problem;
    if (status === 404 || status === 403 || !replay) gone = status === 0 ? message : "absent";
    else announce(message, true);
    if (lost && !gone) screening.onLost();
  }
  draw();
}

function fill(found: Replay): void {
  screening.marks = marks(found);
  const failed = () => announce(t("Les paroles ne sont pas disponibles pour le moment."), true);
  void cuesOf(found).then((cues) => screening.hear(cues), failed);
  void paragraphsOf(found).then((paragraphs) => {
    wordless = !paragraphs.length;
    said.show(paragraphs);
    search.over(said.texts);
    draw();
  }, failed);
  void thumbnailsAt(found.thumbnails).then(
    (thumbnails) => {
      screening.thumbnail = (second) => pictureAt(thumbnails, second);
    },
    () => {}, // the bar does without
  );
}

/** The second of the replay that the address names (`?t=`). */
function askedFor(): number {
  const asked = Number(new URLSearchParams(location.search).get("t"));
  return Number.isFinite(asked) ? Math.max(0, asked) : 0;
}

function go(time: number): void {
  screening.play(time);
}

function showFound(jump: boolean): void {
  said.mark(search.places, search.chosen);
  if (replay) screening.marks = marks(replay);
  const start = said.startOf(search.places[search.chosen]?.[0] ?? -1);
  if (jump && start !== undefined) screening.seek(start);
  draw();
}

function marks(found: Replay): Mark[] {
  const hits = search.places.map(([word]) => ({
    kind: "hit",
    start: said.startOf(word) ?? found.start,
    title: "",
  }));
  return [...found.chapters, ...hits];
}

function redraw(): void {
  document.body.classList.toggle("gone", Boolean(gone));
  render(gone ? absent() : nothing, $("#closed"));
  if (gone || !replay) return;
  const found = replay;
  screening.draw();
  render(crew ? band.render(found) : nothing, $("#crew"));
  render(heading(found), $("#talk"));
  render(actions(found), $("#actions"));
  render(wordless ? noWords() : search.render(), $("#search"));
  $("#words").hidden = wordless;
  render(chapters(found, screening.moment() + NEARLY, go), $("#chapters"));
  const send = sends ? toLab.open.bind(toLab) : undefined;
  render(questions(found, go, send), $("#questions"));
  render(polls(found, go, send), $("#polls"));
  render(syntheses(found, labs, go), $("#syntheses"));
  $("#polls-part").hidden = !found.polls.length;
  $("#syntheses-part").hidden = !found.syntheses.length;
  render(said.texts.length ? wordsFoot() : nothing, $("#words-foot"));
  show.mark("questions", String(found.questions.length || ""));
}

function noWords() {
  return html`<p class="empty">${t("Cette intervention n’a pas été sous-titrée.")}</p>`;
}

function wordsFoot() {
  return html`${
      said.following
        ? nothing
        : html`<button class="pill" @click=${() => said.resume()}>
            ${icons.down} ${t("Suivre les paroles")}
          </button>`
    }
    ${
      sends
        ? html`<button
            class="pill"
            title=${t("Les mots choisis, sinon la phrase en cours")}
            @mousedown=${(event: Event) => event.preventDefault()}
            @click=${sendQuote}
          >
            ${icons.send} ${t("Envoyer au labo")}
          </button>`
        : nothing
    }`;
}

/** The words that are chosen, else the sentence that is heard. */
function sendQuote(): void {
  const quote = said.quote();
  if (!quote) return announce(t("Choisissez d’abord des mots, ou lancez le replay."));
  const text = quote.text.slice(0, QUOTE);
  toLab.open({ type: "quote", talk, text, start: quote.start, end: quote.end }, text);
}

function heading(found: Replay) {
  return html`
    <p class="eyebrow">
      ${t("Replay")}<span class="dot"></span>${hour(found.start)}<span class="dot"></span
      >${stopwatch(found.duration)}
      <span class="chip ${found.reviewed ? "good" : ""}">
        <span class="lamp"></span>${found.reviewed ? t("Sous-titres relus") : t("Sous-titres non relus")}
      </span>
    </p>
    <h1>${typeset(found.title)}</h1>
    ${found.speakers.length ? html`<p class="speakers">${found.speakers.join(", ")}</p>` : nothing}
  `;
}

function actions(found: Replay) {
  return html`${film.render()} ${files(found)}
    <button class="quiet" @click=${() => void copyLink(found)}>
      ${icons.link} ${t("Copier le lien à cet instant")}
    </button>`;
}

/** What was said, to take away: to read, to work on, to put under the film. */
function files({ captions }: Replay) {
  const kinds: [string, string][] = [
    [captions.txt, t("Transcription (texte)")],
    [captions.vtt, t("Sous-titres (WebVTT)")],
    [captions.srt, t("Sous-titres (SRT)")],
  ];
  if (wordless) return nothing;
  const close = (event: Event) => {
    (event.currentTarget as HTMLDetailsElement).open = false;
  };
  return html`<details
    class="replay-files"
    @keydown=${(event: KeyboardEvent) => {
      if (event.key === "Escape") close(event);
    }}
    @focusout=${(event: FocusEvent) => {
      const inside = (event.currentTarget as Element).contains(event.relatedTarget as Node | null);
      if (!inside && event.relatedTarget) close(event);
    }}
  >
    <summary class="quiet">${icons.download} ${t("Télécharger les paroles")}</summary>
    <ul>
      ${kinds.map(([address, name]) => html`<li><a href=${address} download>${name}</a></li>`)}
    </ul>
  </details>`;
}

async function copyLink({ start }: Replay): Promise<void> {
  const second = Math.floor(screening.moment() - start);
  const address = new URL(location.pathname, location.href);
  if (second >= LINKED) address.searchParams.set("t", String(second));
  history.replaceState(null, "", address); // to be copied by hand where scripts may not
  try {
    await navigator.clipboard.writeText(address.href);
    announce(t("Lien copié, à {time}.", { time: stopwatch(second) }));
  } catch {
    announce(t("Le lien est dans la barre d’adresse."));
  }
}

function absent() {
  return html`<div class="closed-door">
    <p class="eyebrow">${t("Replay")}</p>
    <h1>${gone === "absent" ? t("Ce replay n’est pas en ligne") : t("Ce replay ne répond pas")}</h1>
    <p>
      ${
        gone === "absent"
          ? t("Il n’a pas encore été mis en ligne, ou il a été retiré.")
          : `${gone} ${t("Rechargez la page dans un instant.")}`
      }
    </p>
    <p class="acts">
      <a class="primary" href="/revoir">${t("Voir les replays")}</a>
      <a class="quiet" href="/">${t("Regarder le direct")}</a>
    </p>
  </div>`;
}
