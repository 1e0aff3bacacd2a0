// The presenter's page: one question, large, with its quote; one thing to press; the time.

import { html, nothing, render } from "lit";
import * as clock from "./clock";
import { count, hour, seconds, stopwatch } from "./french";
import type { Lab, Synthesis } from "./lab_items";
import { Live } from "./live";
import { drawing, page } from "./page";
import { bursts } from "./parts/ballot_bursts";
import { closedDoor } from "./parts/door";
import { fit } from "./parts/fit";
import { labsOnce } from "./parts/lab_sign";
import { keepLit } from "./parts/lit_display";
import { type Mark, Marks, marked, told, unread } from "./parts/marks";
import { queued } from "./parts/moderating";
import { results } from "./parts/results";
import { type PromptActs, questionPrompt, upcoming } from "./parts/prompt";
import { ordered } from "./parts/questions";
import { nextSyntheses, synthesisPrompt, telling, type TellingActs } from "./parts/restitution";
import { Rooms } from "./parts/rooms";
import { received } from "./parts/stage_message";
import { Steady } from "./parts/steady";
import { typeset } from "./parts/text";
import { Signals, timeLeft, worded } from "./parts/time_left";
import { variable } from "./parts/variable";
import { fastest } from "./player/captions";
import { Cues } from "./player/cues";
import type { Answer, Channel, Poll, Question, StageMessage, Talk, Word } from "./protocol";
import { Requests } from "./requests";
import { enter, roleOf } from "./session";
import "./shell";
import { CREW, ranked } from "./talks";

const ROLES = ["presenter", "operator", "moderator", "admin"];
const SIGNAL = 8; // seconds for which a signal shows
const TWICE = 400; // ms in which a second press is a finger that trembles

const $ = (selector: string) => document.querySelector<HTMLElement>(selector) as HTMLElement;

const { channel: slug } = page;
const draw = drawing(redraw);
const live = new Live(draw);
const marks = new Marks(draw, (topic) => live.version(topic));
const rooms = new Rooms(slug, live, draw);
const signals = new Signals();
const later = new Map<string, number>(); // what was put off, on this device: id → when
const requests = new Requests(draw);
const steady = new Steady($("#prompter")); // supports come while one is about to press
const cues = new Cues();
let words: Word[] = [];
let talk: Talk | undefined;
let labs: Lab[] = [];
let trouble = "";
let connected = false;
let asked = false; // in a restitution: a question was chosen before the next synthesis
let resting = false; // just pressed

live.onPartial = (partial) => {
  words = partial.words;
};
live.onView = (view) => {
  if (view.topic === `captions:${slug}`) cues.follow(view, clock.now());
};
void enter().then((problem) => {
  trouble = problem;
  follow();
});
void labsOnce().then((found) => {
  labs = found;
});
setInterval(draw, 1000);
setInterval(caption, 200);

function follow(): void {
  const topics = ["talks", `channel:${slug}`, `captions:${slug}`, ...Rooms.topics];
  if (talk) topics.push(`talk:${talk.id}`);
  if (talk?.type === "restitution") topics.push("shared");
  live.follow(...topics);
}

function redraw(): void {
  const role = roleOf(live, draw);
  if (role === undefined) return;
  const allowed = ROLES.includes(role);
  $("#prompter").hidden = !allowed;
  render(allowed ? nothing : closedDoor("Intervenant", trouble, role), $("#closed"));
  if (!allowed) return;
  keepLit(true); // a tablet beside who speaks

  if (live.connected && !connected) marks.flush();
  connected = live.connected;
  talk = ranked(live.items<Talk>("talks", "talk"), slug, CREW)[0];
  follow();

  const channel = live.item<Channel>(`channel:${slug}`, "channel", slug);
  const topic = `talk:${talk?.id}`;
  render(status(channel), $("#status"));
  render(heading(), $("#talk"));
  render(unheard(channel), $("#unheard"));
  render(received(unread(live.items<StageMessage>(topic, "message"), marks.all), read), $("#message"));
  signal();
  drawPrompt(marked(live.items<Question>(topic, "question"), marks.all));
  render(rooms.render(labs), $("#rooms"));
  fit($("#rooms .air-box"));
  const polls = live.items<Poll>(topic, "poll").filter(({ state }) => state !== "draft");
  const poll = polls.find(({ state }) => state === "open") ?? polls.at(-1);
  render(poll ? pollCard(poll) : nothing, $("#polls"));
}

/** In a restitution syntheses come first, but for a question that was chosen, or is answered. */
function drawPrompt(questions: Question[]): void {
  const bound = talk?.presenter_only_queued ?? false;
  const waiting = queued(
    steady.order(
      ordered(
        questions.filter(({ state, queue }) => state === "approved" && (queue || !bound)),
        "support",
      ),
    ),
  ).sort((a, b) => (later.get(a.id) ?? 0) - (later.get(b.id) ?? 0));
  const answering = questions.find(({ state }) => state === "live");
  const shown = answering ?? waiting[0];
  const rest = answering ? waiting : waiting.slice(1);

  const tells =
    talk?.type === "restitution"
      ? telling(told(live.items<Synthesis>("shared", "synthesis"), marks.all), talk, labs, later)
      : undefined;
  const chosen = answering ?? (asked && shown && !tells?.on ? shown : undefined);
  const syntheses = tells && !chosen && Boolean(tells.on ?? tells.next[0]);
  const free = !answering && !tells?.on;
  const among = syntheses && shown ? [shown, ...rest] : rest;
  render(
    syntheses ? synthesisPrompt(tells, labs, restitution) : questionPrompt(shown, acts),
    $("#question"),
  );
  render(
    html`${tells ? nextSyntheses(tells, labs, restitution, Boolean(syntheses), free) : nothing}
    ${upcoming(among, tells ? "Questions" : "Ensuite", free, acts)}`,
    $("#next"),
  );
}

const acts: PromptActs = {
  get resting() {
    return resting;
  },
  act: ({ id }, verb) =>
    once(() => {
      mark("questions", id, verb);
      if (verb === "release") later.set(id, clock.now());
      if (verb !== "take") asked = false;
    }),
  putOff: ({ id }) =>
    once(() => {
      later.set(id, clock.now());
      asked = false;
    }),
  first({ id }) {
    later.set(id, -clock.now()); // before all others, and before what was chosen before
    asked = true;
    draw();
  },
};

const restitution: TellingActs = {
  get resting() {
    return resting;
  },
  act: ({ id }, verb) => once(() => mark("syntheses", id, verb)),
  putOff: ({ id }) => once(() => later.set(id, clock.now())),
  first({ id }) {
    later.set(id, -clock.now());
    asked = false;
    draw();
  },
};

/** What is pressed twice is meant once: the button says something else by the second time. */
function once(act: () => void): void {
  if (resting) return;
  resting = true;
  setTimeout(() => {
    resting = false;
    draw();
  }, TWICE);
  act();
  draw();
}

function read({ id }: StageMessage): void {
  mark("messages", id, "acknowledge");
}

function mark(of: Mark["of"], id: string, verb: Mark["verb"]): void {
  marks.make({ of, id, verb, talk: talk?.id ?? "" });
}

function status(channel: Channel | undefined) {
  const waiting = marks.waiting;
  if (!live.connected) {
    return html`<span class="chip trouble"
      ><span class="spinner"></span>${
        waiting
          ? `Hors ligne\u00a0: ${count(waiting, "geste partira", "gestes partiront")} au retour du réseau`
          : "Hors ligne\u00a0: vous pouvez continuer"
      }</span
    >`;
  }
  if (channel?.on_air === "slate") {
    return html`<span class="chip warn"
      ><span class="tally"></span>Carton d’attente à l’antenne</span
    >`;
  }
  return channel
    ? html`<span class="chip on"><span class="tally"></span>À l’antenne</span>`
    : nothing;
}

function heading() {
  const left = timeLeft(talk, clock.now());
  const since = talk?.state === "live" ? seconds(talk.started_at) : null;
  const start = seconds(talk?.planned_start);
  const [figure, small] = left
    ? worded(left)
    : since != null
      ? [stopwatch(clock.now() - since), "depuis le début"]
      : ["", ""];
  return html`
    <div>
      <h1>${typeset(talk?.title || page.event)}</h1>
      ${talk?.speakers.length ? html`<p class="speakers">${talk.speakers.join(", ")}</p>` : nothing}
    </div>
    <p class="elapsed ${left?.level ?? ""}">
      ${small ? html`<small>${small}</small>` : nothing}
      ${
        figure
          ? html`<span>${figure}</span>`
          : html`<small>${
              talk?.state === "ended"
                ? "Terminé"
                : start != null
                  ? `Commence à ${hour(start)}`
                  : "Pas encore commencé"
            }</small>`
      }
    </p>
    ${
      left
        ? html`<span class="time-bar ${left.level}" ${variable("--part", left.part.toFixed(3))}></span>`
        : nothing
    }
  `;
}

/** Nobody hears who speaks: they are the last to know. */
function unheard(channel: Channel | undefined) {
  if (!channel?.silent || talk?.state !== "live" || channel.on_air === "slate") return nothing;
  return html`<p>
    <strong>Micro coupé\u202f?</strong> La régie n’entend plus rien. Vérifiez votre micro.
  </p>`;
}

function signal(): void {
  const text = signals.look(timeLeft(talk, clock.now()));
  if (!text) return;
  const box = $("#signal");
  render(html`<p>${text}</p>`, box);
  navigator.vibrate?.([180, 120, 180]);
  setTimeout(() => render(nothing, box), 1000 * SIGNAL);
}

function pollCard(poll: Poll) {
  const answers = live.items<Answer>(`talk:${talk?.id}`, "answer");
  return html`<article class="poll ${poll.state}">
    <p class="poll-state">
      ${
        poll.state === "open"
          ? html`<span class="tally"></span><span>Vote ouvert<span class="dot"></span></span
              >${count(poll.ballots, "bulletin", "bulletins")}`
          : "Sondage"
      }
    </p>
    <h2>${typeset(poll.prompt)}</h2>
    ${poll.state === "open" ? nothing : results(poll, [], answers)}
    ${bursts(poll, { busy: requests.busy, act: lead })}
  </article>`;
}

function lead({ id }: Poll, verb: string, body?: object): void {
  void requests.send(id, "POST", `/api/v1/polls/${id}:${verb}`, body);
}

function caption(): void {
  const now = clock.now();
  const lines = fastest(cues.all, words, now, now).slice(-2);
  const target = $("#caption-line");
  const text = lines.join(" ");
  if (target.textContent !== text) target.textContent = text;
}
