// A laboratory's page: what goes on there now, its tables, what they make, the talks meant for it.

import { html, nothing, render } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { call } from "./api";
import * as clock from "./clock";
import { hour } from "./french";
import type { Cafe, Idea, Progress, Sending, Synthesis, Table } from "./lab_items";
import { question, tiles } from "./labs/at_table";
import { ideaCard } from "./labs/card";
import { CONTRIBUTIONS } from "./labs/giving";
import { others, sharedWith } from "./labs/others";
import { Presence } from "./labs/presence";
import { received, sentTo } from "./labs/received";
import { timer } from "./labs/round";
import { scanned, settle } from "./labs/seat";
import { Live } from "./live";
import { drawing, page } from "./page";
import { status } from "./parts/heading";
import { labOf, labSign } from "./parts/lab_sign";
import { goOnTo } from "./parts/places";
import { announce, typeset } from "./parts/text";
import { Oneself } from "./person";
import type { Talk } from "./protocol";
import { enter, roleOf, whenJoined } from "./session";
import "./shell";
import { AUDIENCE, ranked, whenPlanned } from "./talks";

const MOST = 12; // ideas: those with most dots
const LOOKING = 20; // seconds between two looks at them
const CREW = ["moderator", "operator", "admin"];

const $ = (selector: string) => document.querySelector<HTMLElement>(selector) as HTMLElement;

const { labs = [], lab: slug = "" } = page;
const lab = labOf(labs, slug);
const topic = `lab:${slug}`;
const draw = drawing(redraw);
const live = new Live(draw);
const person = new Oneself(live, draw);
const presence = new Presence(slug, draw);
let belongs = false; // whoever looks said that they are in this laboratory
let ideas: Idea[] = [];
let looked = "";

if (lab) document.body.style.setProperty("--lab", lab.colour);
render(labSign(lab), $("#sign"));
person.onSent = ({ what }, reply) => {
  if (what !== "sit") return;
  presence.learn(reply as { place?: string });
  belongs = true;
  draw();
  goOnTo("#main"); // the button has made way for the fact
};
person.onRefused = (_, problem) => announce(problem.message, true);
whenJoined(() => live.reopen());
if (scanned()) settle(person, slug);
void enter().then(async (trouble) => {
  if (trouble) announce(trouble, true);
  live.follow("talks", topic, "shared", "sent");
  type Who = { lab: string; place: string };
  const who = await call<Who>("GET", "/api/v1/session").catch(() => null);
  belongs ||= who?.lab === slug;
  if (who) presence.learn(who);
  else draw();
});
setInterval(draw, 1000);
setInterval(() => {
  if (!document.hidden) void look();
}, LOOKING * 1000);

function redraw(): void {
  if (!live.knows(topic)) return;
  const progress = live.item<Progress>(topic, "progress", slug);
  const cafe = progress && live.item<Cafe>(topic, "cafe", progress.cafe);
  const talks = live.items<Talk>("talks", "talk");
  render(status(undefined, live.connected), $("#status"));
  render(being(), $("#being"));
  render(progress && cafe ? now(progress, cafe) : idle(), $("#now"));
  render(received(sentTo(slug, live.items<Sending>("sent", "sending")), labs, talks), $("#received"));
  render(planned(talks), $("#talks"));
  render(onScreen(talks), $("#screen"));
  const shared = sharedWith(slug, live.items<Synthesis>("shared", "synthesis"));
  render(
    shared.length
      ? others(shared, labs)
      : html`<p class="empty">Les synthèses des tables s’afficheront ici.</p>`,
    $("#syntheses"),
  );
  render(most(), $("#ideas"));
  if (cafe && looked !== cafe.id) {
    looked = cafe.id;
    void look();
  }
}

function being() {
  if (CREW.includes(roleOf(live, draw) ?? "")) {
    return html`<a class="quiet" href="/labo/${slug}/affiches">Affiches à imprimer</a>`;
  }
  return belongs
    ? html`<p class="chip good"><span class="lamp"></span>C’est votre labo</p>
        ${
          presence.proved === false
            ? html`<p class="note">
                Scannez le code de la porte ou d’une table${"\u00a0"}: vos votes compteront pour ce
                labo, et vos idées s’afficheront tout de suite.
              </p>`
            : nothing
        }`
    : html`<button class="quiet" @click=${() => settle(person, slug)}>
        Je suis dans ce labo
      </button>`;
}

function idle() {
  return html`<div class="lab-idle">
    <h3>Pas de session en ce moment</h3>
    <p class="note">Les tables s’afficheront ici dès que la prochaine s’ouvrira.</p>
  </div>`;
}

function now(progress: Progress, cafe: Cafe) {
  const tables = live.items<Table>(topic, "table").filter((table) => table.cafe === cafe.id);
  tables.sort((a, b) => a.number - b.number);
  return html`<div class="lab-session">
      <div class="table-question">${question(undefined, progress, cafe, true)}</div>
      ${timer(progress, cafe, clock.now())}
    </div>
    ${
      cafe.state === "open"
        ? html`<h3 class="tiles-title">Choisissez une table</h3>
            ${tiles(tables, cafe)}`
        : nothing
    }`;
}

/** The talks meant for this laboratory: what is on, what comes, then what was. */
function planned(talks: Talk[]) {
  const mine = talks.filter((talk) => talk.lab === slug && talk.state !== "cancelled");
  if (!mine.length) return html`<p class="empty">Rien n’est prévu pour ce labo au programme.</p>`;
  const order: Talk["state"][] = ["live", "scheduled", "replay", "ended"];
  mine.sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || before(a, b));
  return html`<ul class="lab-talks">
    ${repeat(
      mine,
      ({ id }) => id,
      (talk) =>
        html`<li class=${talk.state}>
          <p class="eyebrow">${when(talk)}${talk.room ? html`<span class="dot"></span>${talk.room}` : nothing}</p>
          <h3>${linked(talk)}</h3>
          ${talk.speakers.length ? html`<p class="note">${talk.speakers.join(", ")}</p>` : nothing}
        </li>`,
    )}
  </ul>`;
}

function before(a: Talk, b: Talk): number {
  return Date.parse(String(a.planned_start ?? "")) - Date.parse(String(b.planned_start ?? "")) || 0;
}

function when(talk: Talk) {
  if (talk.state === "live") return html`<span class="tally"></span>En direct`;
  if (talk.state === "scheduled") return whenPlanned(talk) || "Bientôt";
  return talk.planned_start ? `À ${hour(talk.planned_start)}` : "Terminée";
}

function linked({ state, channel, id, title }: Talk) {
  const address =
    state === "live"
      ? `/?canal=${encodeURIComponent(channel)}`
      : state === "replay"
        ? `/revoir/${encodeURIComponent(id)}`
        : "";
  return address ? html`<a href=${address}>${typeset(title)}</a>` : typeset(title);
}

/** What is on the screen in the room: the set, or the laboratory's own channel. */
function onScreen(talks: Talk[]) {
  const channel = page.labChannel || page.channel;
  const [talk] = ranked(talks, channel, AUDIENCE);
  const on = talk?.state === "live" ? talk.title : "";
  return html`<section class="on-screen" aria-labelledby="screen-title">
    <h2 id="screen-title">À l’écran</h2>
    <p>
      ${
        on
          ? html`<span class="tally"></span>${typeset(on)}`
          : page.labChannel
            ? "L’image de ce laboratoire."
            : "Le plateau, dès qu’il reprend."
      }
    </p>
    <a class="quiet" href="/?canal=${encodeURIComponent(channel)}">Regarder sur cet appareil</a>
  </section>`;
}

function most() {
  if (!ideas.length) return html`<p class="empty">Les idées des tables s’afficheront ici.</p>`;
  return html`<p class="note">Celles qui ont le plus de points, dans toutes les tables.</p>
    <ul class="idea-cards">
      ${repeat(
        ideas,
        ({ id }) => id,
        (idea) => html`<li>${ideaCard(idea, { labs })}</li>`,
      )}
    </ul>`;
}

/** Ideas of tables are on their own topics: the best of all tables come by the API. */
async function look(): Promise<void> {
  const of = `lab=${encodeURIComponent(slug)}&cafe=${encodeURIComponent(looked)}`;
  if (!looked) return;
  const found = await call<{ items: Idea[] }>(
    "GET",
    `${CONTRIBUTIONS}?${of}&state=shown&sort=support&limit=${MOST}`,
  ).catch(() => null);
  if (!found) return; // the next look may do
  ideas = found.items;
  draw();
}
