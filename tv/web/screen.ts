// A screen in a room: a picture with its captions, the wall, a laboratory; over it what is on air.

import { html, nothing, render } from "lit";
import { call } from "./api";
import { Labs } from "./asking";
import * as clock from "./clock";
import { seconds } from "./french";
import { ComparisonFace, LabFace } from "./labs_desk/faces";
import { Live } from "./live";
import { drawing, page } from "./page";
import { fit, onAir, ticks } from "./parts/on_air";
import { pairing } from "./parts/pairing";
import { Stage } from "./parts/stage";
import { WallDisplay } from "./parts/wall";
import type { Air, Channel, Screen } from "./protocol";
import { enter } from "./session";

const PRESENCE = 10; // seconds between two words to the control room
const SPOTTED = 10; // seconds for which a screen shows its name

const $ = <T extends HTMLElement>(selector: string) => document.querySelector<T>(selector) as T;

const id = page.screen ?? "";
const draw = drawing(redraw);
const live = new Live(draw);
const labs = new Labs(draw);
let stage: Stage | undefined;
let wall: WallDisplay | undefined;
let lab: LabFace | undefined;
let comparison: ComparisonFace | undefined;
let playing = ""; // the channel that `stage` shows
let known = false; // whether the server has said what this screen is
let paired = true;

live.onPartial = (partial) => stage?.guess(partial);
live.onView = (view) => {
  if (view.topic === `captions:${playing}`) stage?.follow(view);
  if (view.topic === topic) known = true;
};
const topic = `screen:${id}`;
void enter().then(() => (id ? live.follow(topic) : unpaired()));
addEventListener("resize", draw);
setInterval(() => ticks(air()?.entries ?? []) && draw(), 250);
setInterval(() => void tell(), PRESENCE * 1000);

function redraw(): void {
  const screen = live.item<Screen>(topic, "screen", id);
  if (!screen) {
    if (known) unpaired();
    return;
  }
  follow(screen);
  document.body.dataset["face"] = screen.face;
  document.title = screen.name;
  const shown = air();
  const entries = shown?.entries ?? [];
  document.body.classList.toggle("cleared", shown?.cleared ?? false);
  document.body.classList.toggle("with-card", entries.some(({ layer }) => layer === "card"));
  $("#stage").hidden = screen.face !== "live";
  const ofLabs = screen.face === "lab" || screen.face === "comparison";
  $("#wall").hidden = screen.face !== "wall" || (shown?.cleared ?? false);
  $("#labs").hidden = !ofLabs || (shown?.cleared ?? false);
  const bare = $("#wall").hidden && $("#labs").hidden && !entries.length;
  $("#waiting").hidden = screen.face === "live" || !bare;
  if (screen.face === "wall") wall?.draw();
  if (screen.face === "lab") lab?.draw(labs.all, screen.lab);
  if (screen.face === "comparison") comparison?.draw();
  stage?.about(live.item<Channel>(`channel:${playing}`, "channel", playing));
  render(onAir(entries, labs.all), $("#air"));
  fit($("#air"));
  render(signs(screen), $("#signs"));
}

/** Follow what this screen is told to show, from now on. */
function follow({ face, channel, lab: where }: Screen): void {
  const topics = [topic];
  if (face === "wall") {
    topics.push("wall");
    wall ??= new WallDisplay($("#wall"), live, {
      address: page.address ?? "",
      code: page.code ?? "",
    });
  }
  if (face === "lab") {
    lab ??= new LabFace($("#labs"), live, draw);
    topics.push(...lab.topics(where));
  }
  if (face === "comparison") {
    comparison ??= new ComparisonFace($("#labs"), live, draw);
    topics.push(...comparison.topics());
  }
  if (face === "live") {
    if (playing && playing !== channel) location.reload(); // a player stays with its channel
    if (!playing) {
      playing = channel;
      stage = new Stage($("#stage"), $("#bar"), channel, false);
      void tell();
    }
    topics.push(`channel:${channel}`, `captions:${channel}`);
  } else if (playing) {
    location.reload();
  }
  live.follow(...topics);
}

function signs({ name, group, spotted_at }: Screen) {
  const spotted = seconds(spotted_at);
  const left = spotted == null ? 0 : SPOTTED - (clock.now() - spotted);
  if (left > 0) setTimeout(draw, 1000 * left + 50);
  return html`${
    left > 0
      ? html`<p class="spotted"><strong>${name}</strong>${group ? html`<span>${group}</span>` : nothing}</p>`
      : nothing
  }
  ${
    live.connected
      ? nothing
      : html`<p class="offline"><span class="spinner"></span>Hors ligne – reprise en cours</p>`
  }`;
}

function air(): Air | undefined {
  return live.item<Air>(topic, "air", id);
}

/** This display is no screen, or no more: it shows a code until somebody has claimed it. */
function unpaired(): void {
  if (!paired) return;
  paired = false;
  document.body.dataset["face"] = "pairing";
  void pairing($("#pairing"), (screen) => location.replace(`/ecran/${screen}`));
}

async function tell(): Promise<void> {
  const screen = live.item<Screen>(topic, "screen", id);
  if (!screen) return;
  const showing = screen.face === "live" ? (stage?.player.state.path ?? "") : screen.face;
  const size = {
    width: Math.round(innerWidth * devicePixelRatio),
    height: Math.round(innerHeight * devicePixelRatio),
  };
  try {
    await call("PUT", `/api/v1/screens/${id}/presence`, { showing, ...size });
  } catch {
    // somebody looks at it without its pass, or the server is away: the next turn tells
  }
}
