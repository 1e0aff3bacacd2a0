// The presenter's page: one question, large, with its quote; one thing to press; the time.

import { html, nothing, render } from "lit";
import * as clock from "./clock";
import { count, quoted, seconds, stopwatch } from "./french";
import type { Lab, Synthesis } from "./lab_items";
import { Live } from "./live";
import { drawing, page } from "./page";
import { closedDoor } from "./parts/door";
import { labsOnce } from "./parts/lab_sign";
import { results } from "./parts/polls";
import { queued } from "./parts/moderating";
import { ordered } from "./parts/questions";
import { nextSyntheses, synthesisPrompt, telling, type TellingActs } from "./parts/restitution";
import { received } from "./parts/stage_message";
import { typeset } from "./parts/text";
import { fastest } from "./player/captions";
import { Cues } from "./player/cues";
import type { Answer, Channel, Poll, Question, StageMessage, Talk, Word } from "./protocol";
import { Requests } from "./requests";
import { enter } from "./session";
import { CREW, ranked } from "./talks";

const ROLES = ["presenter", "operator", "moderator", "admin"];
const NEXT = 3; // questions shown after the one that is next

const $ = (selector: string) => document.querySelector<HTMLElement>(selector) as HTMLElement;

const { channel: slug } = page;
const draw = drawing(redraw);
const live = new Live(draw);
const requests = new Requests(draw);
const later = new Map<string, number>(); // what was put off, on this device: id → when
const cues = new Cues();
let words: Word[] = [];
let talk: Talk | undefined;
let labs: Lab[] = [];
let trouble = "";

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
  const topics = ["talks", `channel:${slug}`, `captions:${slug}`];
  if (talk) topics.push(`talk:${talk.id}`);
  if (talk?.type === "restitution") topics.push("shared");
  live.follow(...topics);
}

function redraw(): void {
  const role = live.welcome?.role;
  if (role === undefined) return;
  const allowed = ROLES.includes(role);
  $("#prompter").hidden = !allowed;
  render(allowed ? nothing : closedDoor("Intervenant", trouble, role), $("#closed"));
  if (!allowed) return;

  talk = ranked(live.items<Talk>("talks", "talk"), slug, CREW)[0];
  follow();

  const questions = live.items<Question>(`talk:${talk?.id}`, "question");
  const bound = talk?.presenter_only_queued ?? false;
  const waiting = queued(
    ordered(
      questions.filter(({ state, queue }) => state === "approved" && (queue || !bound)),
      "support",
    ),
  ).sort((a, b) => (later.get(a.id) ?? 0) - (later.get(b.id) ?? 0));
  const answering = questions.find(({ state }) => state === "live");
  const shown = answering ?? waiting[0];
  const rest = answering ? waiting : waiting.slice(1);

  render(status(), $("#status"));
  render(received(live.items<StageMessage>(`talk:${talk?.id}`, "message"), requests), $("#message"));
  render(heading(), $("#talk"));
  drawPrompt(answering, shown, rest);
  const polls = live
    .items<Poll>(`talk:${talk?.id}`, "poll")
    .filter(({ state }) => state !== "draft");
  const poll = polls.find(({ state }) => state === "open") ?? polls.at(-1);
  render(poll ? pollCard(poll) : nothing, $("#polls"));
}

/** In a restitution syntheses come first, but a question that is being answered stays. */
function drawPrompt(answering: Question | undefined, shown: Question | undefined, rest: Question[]) {
  const told =
    talk?.type === "restitution"
      ? telling(live.items<Synthesis>("shared", "synthesis"), talk, labs, later)
      : undefined;
  const syntheses = told && !answering && Boolean(told.on ?? told.next[0]);
  render(syntheses ? synthesisPrompt(told, labs, restitution) : card(shown), $("#question"));
  const waiting = syntheses ? (shown ? [shown, ...rest] : rest) : rest;
  render(
    html`${told ? nextSyntheses(told, labs, restitution, Boolean(syntheses)) : nothing}
    ${upcoming(waiting, told ? "Questions" : "Ensuite")}`,
    $("#next"),
  );
}

const restitution: TellingActs = {
  busy: requests.busy,
  act({ id }, verb) {
    const body = verb === "take" ? { talk: talk?.id } : {};
    void requests.send(id, "POST", `/api/v1/syntheses/${id}:${verb}`, body);
  },
  putOff({ id }) {
    later.set(id, clock.now());
    draw();
  },
  first({ id }) {
    later.set(id, -clock.now()); // before all others, and before what was chosen before
    draw();
  },
};

function status() {
  if (!live.connected) {
    return html`<span class="chip trouble"><span class="spinner"></span>Reconnexion…</span>`;
  }
  const channel = live.item<Channel>(`channel:${slug}`, "channel", slug);
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
  const since = talk?.state === "live" ? seconds(talk.started_at) : null;
  return html`
    <div>
      <h1>${talk?.title || page.event}</h1>
      ${talk?.speakers.length ? html`<p class="speakers">${talk.speakers.join(", ")}</p>` : nothing}
    </div>
    <p class="elapsed">
      ${
        since == null
          ? html`<span>${talk?.state === "ended" ? "Terminé" : "Pas encore commencé"}</span>`
          : html`<span>${stopwatch(clock.now() - since)}</span><small>depuis le début</small>`
      }
    </p>
  `;
}

function card(question: Question | undefined) {
  if (!question) {
    return html`<div class="prompt empty-prompt">
      <p>Pas de question pour l’instant.</p>
      <small>Les questions relues par la régie s’afficheront ici.</small>
    </div>`;
  }
  const answering = question.state === "live";
  const busy = requests.busy.has(question.id);
  const quote = question.anchor?.quote;
  const long = question.body.length > 140;
  return html`<div class="prompt ${answering ? "answering" : ""}">
    <p class="eyebrow">
      ${
        answering
          ? html`<span class="tally"></span>Réponse en cours<span class="dot"></span>${stopwatch(
                clock.now() - (seconds(question.taken_at) ?? clock.now()),
              )}`
          : "Question suivante"
      }
      ${
        answering
          ? nothing
          : html`<span class="dot"></span>${count(question.support, "soutien", "soutiens")}`
      }
    </p>
    ${quote ? html`<blockquote><span>À propos de</span> ${quoted(quote)}</blockquote>` : nothing}
    <p class="prompt-body ${long ? "long" : ""}">${typeset(question.body)}</p>
    <div class="acts">
      ${
        answering
          ? html`<button
                class="primary huge"
                ?disabled=${busy}
                @click=${() => act(question, "answer")}
              >
                Réponse donnée
              </button>
              <button class="quiet huge" ?disabled=${busy} @click=${() => act(question, "release")}>
                Plus tard
              </button>`
          : html`<button
                class="primary huge"
                ?disabled=${busy}
                @click=${() => act(question, "take")}
              >
                Je réponds
              </button>
              <button class="quiet huge" ?disabled=${busy} @click=${() => putOff(question)}>
                Plus tard
              </button>`
      }
    </div>
  </div>`;
}

function upcoming(rest: Question[], title: string) {
  if (!rest.length) return nothing;
  return html`<h2>${title}</h2>
    <ol class="upcoming">
      ${rest.slice(0, NEXT).map(
        ({ body, support }) =>
          html`<li>
            <p>${typeset(body)}</p>
            <small>${count(support, "soutien", "soutiens")}</small>
          </li>`,
      )}
    </ol>
    ${
      rest.length > NEXT
        ? html`<p class="note">
            et ${count(rest.length - NEXT, "autre question", "autres questions")}
          </p>`
        : nothing
    }`;
}

function pollCard(poll: Poll) {
  const answers = live.items<Answer>(`talk:${talk?.id}`, "answer");
  return html`<article class="poll ${poll.state}">
    <p class="poll-state">
      ${
        poll.state === "open"
          ? html`<span class="tally"></span>Vote ouvert<span class="dot"></span
              >${count(poll.ballots, "bulletin", "bulletins")}`
          : "Sondage"
      }
    </p>
    <h2>${typeset(poll.prompt)}</h2>
    ${poll.state === "open" ? nothing : results(poll, [], answers)}
  </article>`;
}

function putOff({ id, state }: Question): void {
  if (state === "approved") later.set(id, clock.now());
  draw();
}

async function act({ id }: Question, verb: string): Promise<void> {
  const done = await requests.send(id, "POST", `/api/v1/questions/${id}:${verb}`);
  if (done && verb === "release") later.set(id, clock.now());
  draw();
}

function caption(): void {
  const now = clock.now();
  const lines = fastest(cues.all, words, now, now).slice(-2);
  const target = $("#caption-line");
  const text = lines.join(" ");
  if (target.textContent !== text) target.textContent = text;
}
