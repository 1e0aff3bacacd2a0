// The control room: the air and its sources, the talk, questions to read and to air, polls.

import { html, nothing, render } from "lit";
import { call } from "./api";
import { Labs } from "./asking";
import * as clock from "./clock";
import { hour, seconds, stopwatch } from "./french";
import { keep, recall } from "./kept";
import { Live } from "./live";
import { drawing, page } from "./page";
import { CaptionsDesk } from "./parts/captions_desk";
import { line, pending } from "./parts/desk";
import { closedDoor } from "./parts/door";
import { strip } from "./parts/health";
import { Keeping } from "./parts/keeping";
import { phases } from "./parts/phases";
import { pollCard } from "./parts/poll_desk";
import { type PollDraft, PollForm } from "./parts/poll_form";
import { queued } from "./parts/moderating";
import { oneLine } from "./parts/one_line";
import { ordered } from "./parts/questions";
import { summary } from "./parts/rating";
import { Refusal } from "./parts/refusal";
import { restreams } from "./parts/restreams";
import { RundownDesk } from "./parts/rundown";
import { ScreensDesk } from "./parts/screens_desk";
import { SendToLab } from "./parts/send_to_lab";
import { sources } from "./parts/sources";
import { Stage } from "./parts/stage";
import { messaging } from "./parts/stage_message";
import { Switching } from "./parts/switcher";
import type {
  Answer,
  Channel,
  Happening,
  Poll,
  Question,
  Rating,
  Reading,
  Restream,
  StageMessage,
  Talk,
} from "./protocol";
import { Requests } from "./requests";
import { enter } from "./session";
import { CREW as NEXT, ranked, whenPlanned } from "./talks";

type Post = "public" | "captions";

const CREW = ["moderator", "operator", "admin"];
const RUNNERS = ["operator", "admin"]; // who may switch, and restream

/** « Question de la salle »: asked aloud, written down here, on air at once. */
const FROM_ROOM = {
  id: "room-question",
  label: "Question de la salle",
  most: 500,
  button: "Envoyer à l’antenne",
};

const $ = <T extends HTMLElement>(selector: string) => document.querySelector<T>(selector) as T;

const { channel: slug } = page;
const draw = drawing(redraw);
const live = new Live(draw);
const requests = new Requests(draw);
const { busy } = requests;
const refusal = new Refusal($<HTMLDialogElement>("#refusal"));
const pollForm = new PollForm(draw, createPoll);
const keeping = new Keeping(draw);
const rundown = new RundownDesk(live, requests, draw);
const screens = new ScreensDesk(live, requests, draw);
const labs = new Labs(draw);
const sending = new SendToLab($<HTMLDialogElement>("#sending"), requests);
const switching = new Switching(
  (channel, to) => requests.send(`channel:${channel}`, "POST", `/api/v1/channels/${channel}:switch`, { to }),
  draw,
);
const captions = new CaptionsDesk(slug, live, draw, ({ start, end, lines }) => {
  const text = lines.join(" ");
  sending.open({ type: "quote", text, start, end, ...(talk && { talk: talk.id }) }, text);
});
let post = recall<Post>("post", "public"); // what one works on, where there is not room for all
let stage: Stage | null = null;
let talk: Talk | undefined;
let chosen = ""; // the talk that somebody chose to work on, where it is not the one on air or next
let trouble = "";
let looked = ""; // the question to read that one looks at

live.onPartial = (partial) => {
  stage?.guess(partial);
  captions.guess(partial.words);
};
live.onView = (view) => {
  if (view.topic === `captions:${slug}`) stage?.follow(view);
};
document.addEventListener("keydown", keys);
document.addEventListener("focusin", look);
void enter().then((problem) => {
  trouble = problem;
  follow();
});
setInterval(draw, 1000);

function follow(): void {
  const topics = ["talks", "channels", "restreams", "rundown", "screens", ...rundown.topics];
  topics.push(`captions:${slug}`, `captioning:${slug}`);
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

  const here = ranked(live.items<Talk>("talks", "talk"), slug, NEXT);
  talk = here.find(({ id }) => id === chosen) ?? here[0];
  follow();

  drawAir(role, here);
  drawPosts();
  render([talkCard(), talkChoice(here), phaseChoice(role)], $("#talk"));
  drawQuestions(role);
  drawPolls();
  drawRundown(role);
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
    void requests.send(`restream:${id}`, "POST", `/api/v1/restreams/${id}:${verb}`);
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
  captions.draw(channel, talk, labs.all.length > 0);
}

function choose(name: Post): void {
  post = name;
  keep("post", name);
  draw();
}

function drawQuestions(role: string): void {
  const all = live.items<Question>(`talk:${talk?.id}`, "question");
  const unread = all.filter(({ state }) => state === "pending");
  const read = queued(
    ordered(
      all.filter(({ state }) => state !== "pending"),
      "support",
    ),
  );
  const looks = live.items<Reading>(`talk:${talk?.id}`, "reading").filter(({ id }) => id !== looked);
  const readings = new Map(looks.map((look) => [look.id, look]));
  const byId = new Map(all.map((question) => [question.id, question]));
  const send = labs.all.length
    ? ({ id, body }: Question) => sending.open({ type: "question", shows: id }, body)
    : undefined;
  const desk = { now: clock.now(), busy, act, all: byId, readings, send };
  const oldest = [...unread].sort(
    (a, b) => (seconds(a.asked_at) ?? 0) - (seconds(b.asked_at) ?? 0),
  );
  render(pending(oldest, desk, refuse), $("#pending"));
  const room = talk ? oneLine(FROM_ROOM, askForRoom) : nothing;
  render([room, line(read, desk, role !== "moderator")], $("#line"));
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
  const answers = live.items<Answer>(`talk:${talk?.id}`, "answer");
  const send = labs.all.length
    ? ({ id, prompt }: Poll) => sending.open({ type: "poll", shows: id }, prompt)
    : undefined;
  const desk = { now: clock.now(), requests, send };
  render(
    html`${talk ? pollForm.render() : nothing}
      <ul class="cards">
        ${polls.map((poll) => pollCard(poll, answers, desk))}
      </ul>`,
    $("#polls"),
  );
}

function drawRundown(role: string): void {
  const mayRun = RUNNERS.includes(role);
  rundown.labs = screens.labs = labs.all;
  render(rundown.render(mayRun, talk?.id), $("#rundown"));
  render(screens.render(mayRun, live.items<Channel>("channels", "channel")), $("#screens"));
  const messages = live.items<StageMessage>(`talk:${talk?.id}`, "message");
  render(talk ? messaging(talk.id, messages, requests) : nothing, $("#stage-message"));
}

function phaseChoice(role: string) {
  const happening = live.item<Happening>("event", "happening", "event");
  if (!happening || !RUNNERS.includes(role)) return nothing;
  return phases(
    happening,
    (phase) => void requests.send("event", "POST", "/api/v1/event:phase", { phase }),
  );
}

/** Which talk the desk is about, where there are several. */
function talkChoice(here: Talk[]) {
  const there = here.filter(({ state }) => state !== "cancelled");
  if (there.length < 2) return nothing;
  const choose = (event: Event) => {
    chosen = (event.target as HTMLSelectElement).value;
    redraw();
  };
  return html`<label class="desk-choice">
    Intervention
    <select @change=${choose}>
      <option value="" ?selected=${!chosen}>Celle du moment</option>
      ${there.map(
        ({ id, title, planned_start }) =>
          html`<option value=${id} ?selected=${id === chosen}>
            ${[hour(planned_start), title].filter(Boolean).join(" – ")}
          </option>`,
      )}
    </select>
  </label>`;
}

function talkCard() {
  if (!talk) return html`<p class="empty">Aucune intervention sur ce canal.</p>`;
  const { id, state } = talk;
  const rated = live.item<Rating>(`talk:${id}`, "rating", id);
  const since = seconds(talk.started_at);
  const ended = seconds(talk.ended_at);
  const resumable = state === "ended" && ended != null && clock.now() - ended < 120;
  const button = (text: string, kind: string, verb: string) =>
    html`<button
      class=${kind}
      aria-disabled=${busy.has(id) ? "true" : nothing}
      @click=${() => requests.send(id, "POST", `/api/v1/talks/${id}:${verb}`)}
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
              ? whenPlanned(talk) || "Prête à commencer"
              : whenPlanned(talk) || "Terminée"
        }
      </p>
      <h1>${talk.title || "Le direct"}</h1>
      ${talk.speakers.length ? html`<p class="speakers">${talk.speakers.join(", ")}</p>` : nothing}
      ${rated?.ratings ? summary(rated) : nothing}
    </div>
    <div class="acts">
      ${state === "scheduled" ? button("Démarrer", "primary", "start") : nothing}
      ${state === "live" ? button("Terminer", "quiet", "end") : nothing}
      ${resumable ? button("Reprendre l’intervention", "primary", "resume") : nothing}
    </div>
  </div>`;
}

function act(item: Question, verb: string, body?: object): void {
  void requests.send(item.id, "POST", `/api/v1/questions/${item.id}:${verb}`, body);
}

/** Others see which card one reads, for a minute; that it is read already is no trouble. */
function look(event: FocusEvent): void {
  const card = (event.target as HTMLElement).closest<HTMLElement>("#pending .card");
  const id = card?.dataset["id"] ?? "";
  if (!id || id === looked) return;
  looked = id;
  call("PUT", `/api/v1/questions/${id}/reading`).catch(() => {
    if (looked === id) looked = "";
  });
}

function askForRoom(body: string): Promise<boolean> {
  return requests.create("room", `/api/v1/talks/${talk?.id}/questions:room`, { body });
}

function refuse(question: Question): void {
  refusal.open(question, (reason) => act(question, "reject", { reason }));
}

function createPoll(draft: PollDraft): Promise<boolean> {
  return requests.create("poll", "/api/v1/polls", { talk: talk?.id, ...draft });
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
