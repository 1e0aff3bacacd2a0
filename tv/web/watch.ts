// The public's page: the picture with its captions, the words, the questions, the poll.

import { html, nothing, render } from "lit";
import * as clock from "./clock";
import { count } from "./french";
import { call, type Problem } from "./api";
import { keep, preferences, recall } from "./kept";
import { t } from "./language";
import type { Cafe } from "./lab_items";
import { Live } from "./live";
import { Outbox, type Letter } from "./outbox";
import { page, drawing } from "./page";
import { Composer, type Draft } from "./parts/composer";
import { dressed, Later } from "./parts/later";
import { around, heading, status } from "./parts/heading";
import { type Order, ordered, questions } from "./parts/questions";
import { reactions } from "./parts/reactions";
import { Scene } from "./parts/scene";
import { Steady } from "./parts/steady";
import { tabs } from "./parts/tabs";
import { announce } from "./parts/text";
import { Voting } from "./parts/voting";
import type {
  Anchor,
  Answer,
  Channel,
  Cue,
  Mine,
  Poll,
  Question,
  Rating,
  Reaction,
  ReactionKind,
  Talk,
} from "./protocol";
import { enter, join, whenJoined } from "./session";
import "./shell";
import { AUDIENCE, following, ranked } from "./talks";

const RECENT = 60; // seconds of captions that a phone in the room begins with
const ARRIVING = 4000; // ms in which what one finds is no news

const $ = (selector: string) => document.querySelector<HTMLElement>(selector) as HTMLElement;

const { channel: slug } = page;
const draw = drawing(redraw);
const live = new Live(draw);
const outbox = new Outbox(draw, (topic) => live.version(topic));
const scene = new Scene($("#stage"), $("#bar"), slug, [["Q", t("Poser une question")]]);
const composer: Composer = new Composer(() => scene.moment(), ask, async () => {
  const { Hints } = await import("./parts/hints");
  return new Hints(() => composer.draw(), (question) => support(question, true));
});
const words = new Later(async () => {
  const { Transcript } = await dressed(import("./parts/transcript"));
  return new Transcript($("#words"), $("#words-foot"), draw);
}, draw);
const voting = new Voting(outbox, moreTime, draw, "ballots");
const wall = new Later(() => dressed(import("./parts/wall_glimpse")), draw);
const more = new Later(() => dressed(import("./parts/answered")), draw);
const opinions = new Later(() => dressed(import("./parts/rating")), draw);
const steady = new Steady($("#questions"));
const show = tabs($("#tabs"), ["words", "questions", "polls"], draw);

let talk: Talk | undefined;
let wallOpen = false;
let pastOpen = false; // the polls before those that show
let rated = false; // somebody looked at how to
let order = recall<Order>("order", "support");
const seen = new Map<string, string>(); // own question or poll → last state announced

live.onPartial = (partial) => scene.guess(partial);
live.onView = (view) => {
  if (view.topic === `captions:${slug}`) scene.follow(view);
};
outbox.onSent = sent;
outbox.onRefused = ({ what, note, path }, problem) => {
  announce(composer.whyNot(problem), true);
  // What they wrote is never lost.
  if (what === "question") composer.putBack(note as Draft, path.split("/")[4] ?? "");
};
whenJoined(() => live.reopen());
$("#stage").addEventListener("preferences", draw);
$("#ask").addEventListener("click", () => composer.open());
document.addEventListener("keydown", (event) => {
  const typing = (event.target as HTMLElement).closest("input, textarea, dialog");
  if (!preferences.shortcuts || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key.toLowerCase() === "q") {
    event.preventDefault();
    composer.open();
  }
});

if (scene.onSite) live.recent(`captions:${slug}`, RECENT);
void enter().then((trouble) => {
  if (trouble) announce(trouble, true);
  follow();
  void outbox.flush();
});

function follow(...more: string[]): void {
  const signs = live.item<Channel>(`channel:${slug}`, "channel", slug)?.signs;
  if (signs && preferences.signs) more.push(`channel:${signs}`);
  if (wallOpen) more.push("wall");
  live.follow("talks", "cafes", `channel:${slug}`, `captions:${slug}`, ...more);
}

/** The talk of this channel: the one on air, else the last that was, else the next. */
function current(): Talk | undefined {
  return ranked(live.items<Talk>("talks", "talk"), slug, AUDIENCE)[0];
}

function ask(body: string, anchor: Anchor, about: string): void {
  const path = `/api/v1/talks/${about}/questions`;
  outbox.send({
    what: "question",
    method: "POST",
    path,
    body: { body, anchor },
    note: { body, anchor },
  });
  if (!navigator.onLine) announce(t("Hors ligne. Votre question partira dès le retour du réseau."));
  show("questions");
}

function sent({ what }: Letter): void {
  if (what === "question") announce(t("Question envoyée. Elle sera relue avant publication."));
  if (what === "withdraw") announce(t("Question retirée."));
}

function redraw(): void {
  talk = current();
  $("#ask").hidden = talk ? talk.questions === "off" : live.knows("talks");
  if (talk) {
    follow(`talk:${talk.id}`, `me:${talk.id}`, `reactions:${talk.id}`);
    composer.about(talk.id, talk.slow);
  }
  const channel = live.item<Channel>(`channel:${slug}`, "channel", slug);
  const signs = channel?.signs;
  scene.about(channel, talk, live.item<Channel>(`channel:${signs}`, "channel", signs ?? ""));
  render(status(channel, live.connected || (!live.welcome && navigator.onLine)), $("#status"));
  const next = following(live.items<Talk>("talks", "talk"), slug, clock.now());
  render([heading(talk, channel?.name ?? page.name, next), feeling(), ideas()], $("#talk"));
  render([theWall(), around()], $("#around"));
  drawWords(channel);
  drawAudience();
}

function drawWords(channel: Channel | undefined): void {
  const cues = live.items<Cue>(`captions:${slug}`, "cue").sort((a, b) => a.start - b.start);
  for (const old of cues.splice(0, cues.length - 400))
    live.forget(`captions:${slug}`, "cue", old.id);
  const list = $("#words");
  list.ariaLive = preferences.announce ? "polite" : "off";
  if (!list.getClientRects().length) return; // in the hand they are behind a tab
  const quote = talk ? composer.open.bind(composer) : () => {};
  words.get()?.draw(cues, channel?.captions ?? "off", quote);
}

function drawAudience(): void {
  const topic = `talk:${talk?.id}`;
  const me = live.item<Mine>(`me:${talk?.id}`, "me", talk?.id ?? "");
  const supports = new Set(me?.supports);
  for (const { what, path, method } of outbox.deciding) {
    const id = what === "support" ? path.split("/").at(-2) : undefined;
    if (id) supports[method === "PUT" ? "add" : "delete"](id);
  }
  const published = live.items<Question>(topic, "question");
  const waiting = steady.order(
    ordered(
      published.filter(({ state }) => state === "approved"),
      order,
    ),
  );
  const asked = {
    questions: published,
    waiting,
    mine: me?.questions ?? [],
    unsent: outbox.letters
      .filter(({ what }) => what === "question" && outbox.waiting)
      .map(({ key, note }) => ({ key, body: (note as { body: string }).body })),
    supports,
    order,
    more: () => more.get(),
    known: live.knows(topic),
    now: clock.now(),
  };
  const places = waiting.map(({ id }) => id).join();
  steady.draw(places, () => render(questions(asked, { support, withdraw, sort }), $("#questions")));

  const polls = live.items<Poll>(topic, "poll").filter(({ state }) => state !== "draft");
  const open = polls.filter(({ state }) => state === "open").length;
  polls.reverse().sort((a, b) => rankOf(a) - rankOf(b));
  const shown = polls.slice(0, open || 1); // those that are open, else the last
  const past = polls.slice(open || 1);
  render(
    shown.length
      ? html`${shown.map((item) => ballotFor(item, me))}
        ${
          past.length
            ? html`<details @toggle=${toggled((open) => (pastOpen = open))}>
                <summary>${count(past.length, "autre sondage", "autres sondages")}</summary>
                ${
                  pastOpen
                    ? html`<div class="past-polls">
                        ${past.map((item) => ballotFor(item, me))}
                      </div>`
                    : nothing
                }
              </details>`
            : nothing
        }`
      : html`<p class="empty">
          ${t("Aucun sondage pour le moment. Il s’affichera ici dès son ouverture.")}
        </p>`,
    $("#polls"),
  );
  show.mark("polls", open ? String(open) : "");
  show.mark(
    "questions",
    String(published.filter(({ state }) => state !== "answered").length || ""),
  );
  tell(asked.mine, polls);
}

function rankOf({ state }: Poll): number {
  return state === "open" ? 0 : 1;
}

function ballotFor(item: Poll, me: Mine | undefined) {
  return voting.render(item, me, live.items<Answer>(`talk:${item.talk}`, "answer"));
}

function moreTime({ id }: Poll): void {
  void send("POST", `/api/v1/polls/${id}:more_time`);
}

/** Reactions while the talk is live, and what one thought of it from its start on. */
function feeling() {
  if (!talk || talk.started_at == null || talk.state === "cancelled") return nothing;
  const { id } = talk;
  const path = `/api/v1/talks/${id}`;
  const me = live.item<Mine>(`me:${id}`, "me", id);
  const told = live.item<Reaction>(`reactions:${id}`, "reaction", id);
  const shown = live.item<Rating>(`talk:${id}`, "rating", id);
  const react = (kind: ReactionKind) =>
    void send("POST", `${path}/reactions`, { kind, media_time: scene.moment() });
  const rate = (stars: number, word: string) => void send("PUT", `${path}/rating`, { stars, word });
  const asked = talk.state !== "live" || rated;
  return html`${talk.state === "live" ? reactions(told, react) : nothing}
    <details
      class="rate"
      ?open=${talk.state !== "live"}
      @toggle=${toggled(() => (rated = true))}
    >
      <summary>${t("Donner mon avis")}</summary>
      ${asked ? opinions.get()?.rating(me?.rating ?? null, shown, rate) : nothing}
    </details>`;
}

/** The wall, followed while somebody has it open. */
function theWall() {
  return html`<details class="rate" @toggle=${toggled((open) => (wallOpen = open))}>
    <summary>${t("Le mur")}</summary>
    ${wallOpen ? wall.get()?.glimpse(live) : nothing}
  </details>`;
}

/** What listens to a detail that is opened or closed, and draws what is in it then. */
function toggled(then: (open: boolean) => void) {
  return ({ target }: Event) => {
    then((target as HTMLDetailsElement).open);
    draw();
  };
}

/** Where laboratories have something for everybody: an open question, else what they made. */
function ideas() {
  const cafes = live.items<Cafe>("cafes", "cafe");
  if (!cafes.length) return nothing;
  const call = cafes.find(({ type, state }) => type === "call" && state === "open");
  const [question = call?.title] = call?.prompts ?? [];
  return html`<p class="quotation">
    ${call ? t("À vous la parole\u00a0: ") : nothing}<a href="/idees"
      >${question ?? t("Les idées des laboratoires")}</a
    >
  </p>`;
}

/** What need not be kept when it cannot be sent now. */
async function send(method: string, path: string, body?: object): Promise<void> {
  try {
    await join();
    await call(method, path, body);
  } catch (error) {
    announce((error as Problem).message, true);
  }
}

function support({ id }: Question, on: boolean): void {
  outbox.send({
    what: "support",
    method: on ? "PUT" : "DELETE",
    path: `/api/v1/questions/${id}/support`,
    topic: `me:${talk?.id}`,
  });
}

function withdraw({ id }: Question): void {
  outbox.send({ what: "withdraw", method: "POST", path: `/api/v1/questions/${id}:withdraw` });
}

function sort(wanted: Order): void {
  order = wanted;
  steady.letGo();
  keep("order", wanted);
  draw();
}

/** What became of one's question, and that a vote opens: said once, also to screen readers. */
function tell(mine: Question[], polls: Poll[]): void {
  const texts: Record<string, string> = {
    approved: t("Votre question est publiée."),
    live: t("Votre question reçoit sa réponse en ce moment."),
    rejected: t("Votre question n’a pas été retenue."),
    open: t("Un sondage est ouvert."),
    published: t("Les résultats du sondage sont affichés."),
  };
  for (const { id, state } of [...mine, ...polls]) {
    const before = seen.get(id);
    seen.set(id, state);
    const known = before !== undefined || performance.now() > ARRIVING;
    if (known && before !== state && texts[state]) announce(texts[state]);
  }
}

setInterval(draw, 1000);
