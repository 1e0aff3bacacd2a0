// The control room: the air and its sources, the talk, questions to read and to air, polls.

import { html, nothing, render } from "lit";
import { call, type Problem } from "./api";
import * as clock from "./clock";
import { seconds, stopwatch } from "./french";
import { keep, recall } from "./kept";
import { Live } from "./live";
import { drawing, page } from "./page";
import { CaptionsDesk } from "./parts/captions_desk";
import { type Act, line, pending, pollCard } from "./parts/desk";
import { closedDoor } from "./parts/door";
import { strip } from "./parts/health";
import { Keeping } from "./parts/keeping";
import { PollForm } from "./parts/poll_form";
import { ordered } from "./parts/questions";
import { Refusal } from "./parts/refusal";
import { restreams } from "./parts/restreams";
import { sources } from "./parts/sources";
import { Stage } from "./parts/stage";
import { Switching } from "./parts/switcher";
import { announce } from "./parts/text";
import type { Channel, Poll, Question, Restream, Talk } from "./protocol";
import { enter } from "./session";

type Post = "public" | "captions";

const CREW = ["moderator", "operator", "admin"];
const RUNNERS = ["operator", "admin"]; // who may switch, and restream

const $ = <T extends HTMLElement>(selector: string) => document.querySelector<T>(selector) as T;

const { channel: slug } = page;
const draw = drawing(redraw);
const live = new Live(draw);
const refusal = new Refusal($<HTMLDialogElement>("#refusal"));
const pollForm = new PollForm(draw, createPoll);
const keeping = new Keeping(draw);
const busy = new Set<string>();
const switching = new Switching(
  (channel, to) => request(`channel:${channel}`, `/api/v1/channels/${channel}:switch`, { to }),
  draw,
);
const captions = new CaptionsDesk(slug, live, draw);
let post = recall<Post>("post", "public"); // what one works on, where there is not room for all
let stage: Stage | null = null;
let talk: Talk | undefined;
let trouble = "";

live.onPartial = (partial) => {
  stage?.guess(partial);
  captions.guess(partial.words);
};
live.onView = (view) => {
  if (view.topic === `captions:${slug}`) stage?.follow(view);
};
document.addEventListener("keydown", keys);
void enter().then((problem) => {
  trouble = problem;
  follow();
});
setInterval(draw, 1000);

function follow(): void {
  const topics = ["talks", "channels", "restreams", `captions:${slug}`, `captioning:${slug}`];
  if (talk) topics.push(`talk:${talk.id}`);
  live.follow(...topics);
}

function redraw(): void {
  const role = live.welcome?.role;
  if (role === undefined) return;
  const allowed = CREW.includes(role);
  $("#desk").hidden = !allowed;
  render(allowed ? nothing : closedDoor("Régie", trouble, role), $("#closed"));
  if (!allowed) return;
  stage ??= new Stage($("#stage"), $("#bar"), slug, false);

  const here = live.items<Talk>("talks", "talk").filter(({ channel }) => channel === slug);
  const rank = { live: 0, scheduled: 1, ended: 2, replay: 3, cancelled: 4 };
  talk = here.sort((a, b) => rank[a.state] - rank[b.state])[0];
  follow();

  drawAir(role, here);
  drawPosts();
  render(talkCard(), $("#talk"));
  drawQuestions(role);
  drawPolls();
}

function drawAir(role: string, talks: Talk[]): void {
  const now = clock.now();
  const mayRun = RUNNERS.includes(role);
  const channels = live.items<Channel>("channels", "channel");
  const channel = channels.find(({ id }) => id === slug);
  stage?.about(channel);
  const others = channels.filter(({ id }) => id !== slug);
  const targets = live.items<Restream>("restreams", "restream");
  render(strip(channel, targets, live.connected, now), $("#health"));
  render(sources(channel, others, { now, switching, mayRun }), $("#sources"));
  render(keeping.render(channel?.recording, [...talks], mayRun), $("#keeping"));
  const act = ({ id }: Restream, verb: string) =>
    void request(`restream:${id}`, `/api/v1/restreams/${id}:${verb}`);
  const names = new Map(channels.map(({ id, name }) => [id, name]));
  const desk = { now, busy, mayRun, act, channels: names };
  render(channel?.sources ? restreams(targets, desk) : nothing, $("#restreams"));
}

/** Which of the two posts is shown, where the screen has no room for both. */
function drawPosts(): void {
  const channel = live.item<Channel>("channels", "channel", slug);
  const unread = live
    .items<Question>(`talk:${talk?.id}`, "question")
    .filter(({ state }) => state === "pending").length;
  const ailing = channel && /late|interrupted/.test(channel.captions);
  const choice = (name: Post, text: string, mark: unknown) =>
    html`<button aria-pressed=${String(post === name)} @click=${() => choose(name)}>
      ${text} ${mark}
    </button>`;
  $("#desk").dataset["post"] = post;
  render(
    html`${choice("public", "Questions et sondages", html`<span class="badge">${unread || ""}</span>`)}
    ${choice("captions", "Sous-titres", ailing ? html`<span class="badge">!</span>` : nothing)}`,
    $("#posts"),
  );
  captions.draw(channel, talk);
}

function choose(name: Post): void {
  post = name;
  keep("post", name);
  draw();
}

function drawQuestions(role: string): void {
  const all = live.items<Question>(`talk:${talk?.id}`, "question");
  const unread = all.filter(({ state }) => state === "pending");
  const read = ordered(
    all.filter(({ state }) => state !== "pending"),
    "support",
  );
  const desk = { now: clock.now(), busy, act };
  const oldest = [...unread].sort(
    (a, b) => (seconds(a.asked_at) ?? 0) - (seconds(b.asked_at) ?? 0),
  );
  render(pending(oldest, desk, refuse), $("#pending"));
  render(line(read, desk, role !== "moderator"), $("#line"));
  for (const id of ["#pending-count", "#jump-pending"]) {
    $(id).textContent = String(unread.length || "");
  }
  const waiting = read.filter(({ state }) => state === "approved").length;
  for (const id of ["#line-count", "#jump-line"]) $(id).textContent = String(waiting || "");
}

function drawPolls(): void {
  const polls = live.items<Poll>(`talk:${talk?.id}`, "poll");
  const rank = { open: 0, closed: 1, draft: 2, published: 3 };
  polls.sort((a, b) => rank[a.state] - rank[b.state]);
  const desk = { now: clock.now(), busy, act };
  render(
    html`${talk ? pollForm.render() : nothing}
      <ul class="cards">
        ${polls.map((poll) => pollCard(poll, desk))}
      </ul>`,
    $("#polls"),
  );
}

function talkCard() {
  if (!talk) return html`<p class="empty">Aucune intervention sur ce canal.</p>`;
  const { id, state } = talk;
  const since = seconds(talk.started_at);
  const ended = seconds(talk.ended_at);
  const resumable = state === "ended" && ended != null && clock.now() - ended < 120;
  const button = (text: string, kind: string, verb: string) =>
    html`<button
      class=${kind}
      ?disabled=${busy.has(id)}
      @click=${() => request(id, `/api/v1/talks/${id}:${verb}`)}
    >
      ${text}
    </button>`;
  return html`<div class="talk-card ${state}">
    <div>
      <p class="eyebrow">
        ${
          state === "live"
            ? html`<span class="tally"></span>En direct<span class="dot"></span
                >${stopwatch(clock.now() - (since ?? 0))}`
            : state === "scheduled"
              ? "Prête à commencer"
              : "Terminée"
        }
      </p>
      <h1>${talk.title || "Le direct"}</h1>
      ${talk.speakers.length ? html`<p class="speakers">${talk.speakers.join(", ")}</p>` : nothing}
    </div>
    <div class="acts">
      ${state === "scheduled" ? button("Démarrer", "primary", "start") : nothing}
      ${state === "live" ? button("Terminer", "quiet", "end") : nothing}
      ${resumable ? button("Reprendre l’intervention", "primary", "resume") : nothing}
    </div>
  </div>`;
}

function act(item: Question | Poll, verb: string, body?: object): void {
  void request(item.id, `/api/v1/${item.kind}s/${item.id}:${verb}`, body);
}

/** One request per item at a time; what it changed comes back by the socket. */
async function request(id: string, path: string, body?: object): Promise<boolean> {
  if (busy.has(id)) return false;
  busy.add(id);
  draw();
  try {
    await call("POST", path, body);
    return true;
  } catch (error) {
    announce((error as Problem).message, true);
    return false;
  } finally {
    busy.delete(id);
    draw();
  }
}

function refuse(question: Question): void {
  refusal.open(question, ((verb, body) => act(question, verb, body)) satisfies Act);
}

async function createPoll(prompt: string, options: string[]): Promise<boolean> {
  const body = { talk: talk?.id, type: "single", prompt, options };
  try {
    const once = { "idempotency-key": crypto.getRandomValues(new Uint32Array(4)).join("-") };
    await call("POST", "/api/v1/polls", body, once);
    return true;
  } catch (error) {
    announce((error as Problem).message, true);
    return false;
  }
}

/** On a question to read: A publishes, R refuses, arrows go to the next. */
function keys(event: KeyboardEvent): void {
  const card = (event.target as HTMLElement).closest<HTMLElement>("#pending .card");
  if (!card || event.ctrlKey || event.metaKey || event.altKey) return;
  const question = live.item<Question>(`talk:${talk?.id}`, "question", card.dataset["id"] ?? "");
  const step = { ArrowDown: card.nextElementSibling, ArrowUp: card.previousElementSibling }[
    event.key
  ];
  if (step instanceof HTMLElement) {
    event.preventDefault();
    step.focus();
  } else if (question && event.key.toLowerCase() === "a") {
    ((card.nextElementSibling ?? card.previousElementSibling) as HTMLElement | null)?.focus();
    act(question, "approve");
  } else if (question && event.key.toLowerCase() === "r") {
    refuse(question);
  }
}
