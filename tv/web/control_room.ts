// The control room: the air and its talk always in sight, and beside them the post one works at.

import { html, nothing, render } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Alert } from "./alert_items";
import { drafts } from "./anew";
import { Asking, Labs } from "./asking";
import * as clock from "./clock";
import { clearing } from "./control_room/clearing";
import { Guide } from "./control_room/guide";
import { Help } from "./control_room/help";
import { NewKey } from "./control_room/new_key";
import { PassesDesk } from "./control_room/passes";
import { Posts } from "./control_room/posts";
import { Questions } from "./control_room/questions";
import { Rooms } from "./control_room/rooms";
import { talkCard, talkChoice } from "./control_room/talk";
import { Undo } from "./control_room/undo";
import { warnings } from "./control_room/warnings";
import { clockOf } from "./french";
import { Live } from "./live";
import { drawing, page } from "./page";
import { alerts } from "./parts/alerts_desk";
import { CaptionsDesk } from "./parts/captions_desk";
import { closedDoor } from "./parts/door";
import { type Health, strip } from "./parts/health";
import { Keeping } from "./parts/keeping";
import { fit } from "./parts/fit";
import { phases } from "./parts/phases";
import { keepingPlace } from "./parts/places";
import { pollCard } from "./parts/poll_desk";
import { type PollDraft, PollForm } from "./parts/poll_form";
import { restreams } from "./parts/restreams";
import { RundownDesk } from "./parts/rundown";
import { SendToLab } from "./parts/send_to_lab";
import { sources } from "./parts/sources";
import { Stage } from "./parts/stage";
import { messaging } from "./parts/stage_message";
import { Steady } from "./parts/steady";
import { Switching, switcher } from "./parts/switcher";
import { WallDesk } from "./parts/wall_desk";
import type {
  Air,
  Answer,
  Channel,
  Cue,
  Happening,
  Poll,
  Question,
  Rating,
  Restream,
  StageMessage,
  Talk,
} from "./protocol";
import { Requests } from "./requests";
import { enter, roleOf } from "./session";
import { CREW as NEXT, ranked } from "./talks";

const CREW = ["moderator", "operator", "admin"];
const RUNNERS = ["operator", "admin"]; // who may switch, restream, and put on air
const HEALTH = 5; // seconds between two looks at the store and the disk

const $ = (selector: string) => document.querySelector<HTMLElement>(selector) as HTMLElement;

const { channel: slug } = page;
const draw = drawing(redraw);
const live = new Live(draw);
const requests = new Requests(draw);
const posts = new Posts($("#desk"), draw);
const undo = new Undo($("#undo"));
const questions = new Questions(live, requests, undo, draw);
const help = new Help(posts, questions);
const guide = new Guide((id) => posts.goTo(id), draw);
const pollForm = new PollForm(draw, createPoll);
const keeping = new Keeping(draw);
const newKey = new NewKey();
const passes = new PassesDesk(requests, draw);
const rundown = new RundownDesk(slug, live, requests, draw);
const rooms = new Rooms(live, requests, draw);
const reported = new Steady($("#alerts"));
const wall = new WallDesk($("#wall"), live, requests, undo, draw);
const labs = new Labs(draw);
const health = new Asking<Health>(HEALTH, draw);
const sending = new SendToLab(requests);
const switching = new Switching(
  (channel, to) => requests.send(`channel:${channel}`, "POST", `/api/v1/channels/${channel}:switch`, { to }),
  draw,
);
const captions = new CaptionsDesk(slug, live, draw, ({ start, end, lines }) => {
  const text = lines.join(" ");
  sending.open({ type: "quote", text, start, end, ...(talk && { talk: talk.id }) }, text);
});
let stage: Stage | null = null;
let talk: Talk | undefined;
let chosen = ""; // the talk that somebody chose to work on, where it is not the one on air or next
let trouble = "";

live.onPartial = (partial) => {
  stage?.guess(partial);
  captions.guess(partial.words);
};
live.onView = (view) => {
  if (view.topic === `captions:${slug}`) stage?.follow(view);
};
// Forms of the posts that one does not look at hold what was begun in them.
drafts.push(() =>
  [...document.querySelectorAll<HTMLInputElement>("form textarea, form input[type=text]")].some(
    ({ value }) => value,
  ),
);
$("#help").addEventListener("click", () => help.open());
void enter().then((problem) => {
  trouble = problem;
  follow();
});
setInterval(draw, 1000);

function follow(): void {
  const topics = ["talks", "channels", "restreams", "rundown", "screens", "wall", "alerts", "blocks"];
  topics.push(`captions:${slug}`, `captioning:${slug}`, ...rundown.topics);
  if (talk) topics.push(`talk:${talk.id}`);
  if (posts.post === "rooms" && labs.all.length) topics.push("labs");
  live.follow(...new Set(topics));
}

function redraw(): void {
  const role = roleOf(live, draw);
  if (role === undefined) return;
  const allowed = CREW.includes(role);
  $("#desk").hidden = $("#help").hidden = !allowed;
  render(allowed ? nothing : closedDoor("Régie", trouble, role), $("#closed"));
  if (!allowed) return;

  const mayRun = RUNNERS.includes(role);
  const channels = live.items<Channel>("channels", "channel");
  const channel = channels.find(({ id }) => id === slug);
  const here = ranked(live.items<Talk>("talks", "talk"), slug, NEXT);
  talk = here.find(({ id }) => id === chosen) ?? here[0];
  follow();
  posts.show();
  drawState(channel, mayRun);
  drawAir(channel, here, mayRun);
  questions.send = labs.all.length
    ? ({ id, body }) => sending.open({ type: "question", shows: id }, body)
    : undefined;
  const waiting = questions.draw(talk?.id ?? "", mayRun);
  const reported = drawAlerts();
  const open = drawPolls();
  captions.draw(channel, talk, labs.all.length > 0);
  const posted = wall.draw();
  drawPlaces(channels, here, mayRun);
  drawPasses(role);
  const ailing = /late|interrupted/.test(channel?.captions ?? "");
  const { away } = rooms.counted;
  const marks = {
    public: waiting.pending + reported,
    captions: ailing ? ("!" as const) : 0,
    wall: posted,
    rooms: away.length ? ("!" as const) : 0,
    ...waiting,
    polls: open,
  };
  render(posts.render(marks), $("#posts"));
  render(posts.renderParts(marks), $("#parts"));
}

/** What holds for all posts: how everything is, the phase, the hour, and the way out. */
function drawState(channel: Channel | undefined, mayRun: boolean): void {
  const now = clock.now();
  const { here, all, away } = rooms.counted;
  const told = {
    channel,
    restreams: live.items<Restream>("restreams", "restream"),
    screens: { here, all },
    health: health.of("/api/v1/health"),
    connected: live.connected,
    now,
  };
  render(strip(told), $("#health"));
  $("#health").classList.toggle("stale", !live.connected);
  render(warnings(told, away), $("#warnings"));
  $("#clock").textContent = clockOf(now);
  const air = live.item<Air>("rundown", "air", "overlay");
  render(clearing(air, rundown.onAir, requests), $("#clearing"));
  const happening = live.item<Happening>("event", "happening", "event");
  render(happening && mayRun ? phases(happening, setPhase) : nothing, $("#phase"));
  const guided = mayRun && happening && channel;
  help.guide = mayRun ? guide.open : null;
  const shown = guided
    ? guide.render({
        studio: channel.sources?.some(({ connected }) => connected) ?? false,
        captions: channel.captions,
        said: live.items<Cue>(`captions:${slug}`, "cue").length > 0,
        screens: here,
        phase: happening.phase,
        questions: live.items<Question>(`talk:${talk?.id}`, "question"),
        polls: live.items<Poll>(`talk:${talk?.id}`, "poll"),
        cleared: air?.cleared ?? false,
      })
    : nothing;
  $("#guide").hidden = shown === nothing;
  render(shown, $("#guide"));
}

function setPhase(phase: Happening["phase"]): void {
  void requests.send("event", "POST", "/api/v1/event:phase", { phase });
}

function drawAir(channel: Channel | undefined, here: Talk[], mayRun: boolean): void {
  // In the hand the picture comes when somebody looks at the air: it is heavy.
  if (posts.pictured) stage ??= new Stage($("#stage"), $("#bar"), slug);
  stage?.rest(!posts.pictured && stage.player.state.muted);
  stage?.about(channel);
  render(channel?.sources ? switcher(channel, switching, mayRun) : nothing, $("#switcher"));
  const next = here.find(({ id, state }) => id !== talk?.id && state === "scheduled");
  const rated = talk && live.item<Rating>(`talk:${talk.id}`, "rating", talk.id);
  const choose = (id: string) => {
    chosen = id;
    redraw();
  };
  render(
    html`${talkCard(talk, next, rated, requests)} ${talkChoice(here, chosen, choose)}`,
    $("#talk"),
  );
  const messages = live.items<StageMessage>(`talk:${talk?.id}`, "message");
  render(talk ? messaging(talk.id, messages, requests) : nothing, $("#stage-message"));
  rundown.labs = labs.all;
  render(rundown.render(mayRun, talk?.id), $("#rundown"));
  for (const box of document.querySelectorAll<HTMLElement>("#rundown .air-box")) fit(box);
}

/** What people reported; returns how much of it waits. */
function drawAlerts(): number {
  const all = live.items<Alert>("alerts", "alert");
  const act = ({ id }: Alert, verb: string) =>
    void requests.send(id, "POST", `/api/v1/alerts/${id}:${verb}`);
  const desk = { now: clock.now(), busy: requests.busy, act, steady: reported };
  keepingPlace($("#alerts"), () => render(alerts(all, desk), $("#alerts")));
  return all.filter(({ state }) => state === "open").length;
}

/** How many votes are open. */
function drawPolls(): number {
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
        ${repeat(
          polls,
          ({ id }) => id,
          (poll) => pollCard(poll, answers, desk),
        )}
      </ul>`,
    $("#polls"),
  );
  const open = polls.filter(({ state }) => state === "open").length;
  $("#polls-count").textContent = String(open || "");
  return open;
}

/** The rooms, and what is technical. */
function drawPlaces(channels: Channel[], talks: Talk[], mayRun: boolean): void {
  const channel = channels.find(({ id }) => id === slug);
  const others = channels.filter(({ id }) => id !== slug);
  const now = clock.now();
  render(rooms.render({ mayRun, labs: labs.all, channels }), $("#screens"));
  render(rooms.spotting(mayRun), $("#spotting"));
  render(sources(channel, others, { now, switching, mayRun, renewKey: newKey.open }), $("#sources"));
  render(keeping.render(channel?.recording, talks, mayRun), $("#keeping"));
  const act = ({ id }: Restream, verb: string) =>
    void requests.send(`restream:${id}`, "POST", `/api/v1/restreams/${id}:${verb}`);
  const names = new Map(channels.map(({ id, name }) => [id, name]));
  const desk = { now, busy: requests.busy, mayRun, act, channels: names };
  const targets = live.items<Restream>("restreams", "restream");
  render(channel?.sources ? restreams(targets, desk) : nothing, $("#restreams"));
}

/** For those who run the show; a pass for one talk has no say in them. */
function drawPasses(role: string): void {
  const shown = RUNNERS.includes(role) && posts.post === "technical";
  const drawn = passes.render(shown, role, labs.all);
  $("#passes-desk").hidden = drawn === nothing;
  render(drawn, $("#passes"));
}

function createPoll(draft: PollDraft): Promise<boolean> {
  return requests.create("poll", "/api/v1/polls", { talk: talk?.id, ...draft });
}
