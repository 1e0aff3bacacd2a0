// A screen in a room: a picture with its captions, the wall, a laboratory; over it what is on air.
// Nobody is there to press anything: it looks after itself.

import { html, nothing, render } from "lit";
import { anew } from "./anew";
import { call } from "./api";
import { Labs } from "./asking";
import * as clock from "./clock";
import { seconds } from "./french";
import { ComparisonFace, LabFace } from "./labs_desk/faces";
import { Live } from "./live";
import { drawing, page } from "./page";
import { fit } from "./parts/fit";
import { keepLit } from "./parts/lit_display";
import { isNight } from "./parts/night";
import { onAir, ticks } from "./parts/on_air";
import { pairing } from "./parts/pairing";
import { ScreenPicture } from "./parts/screen_picture";
import { waitingCard } from "./parts/waiting_card";
import { WallDisplay } from "./parts/wall";
import type { Air, Channel, Screen, Talk } from "./protocol";
import { enter } from "./session";
import "./shell";

const PRESENCE = 10; // seconds between two words to the control room
const SPOTTED = 10; // seconds for which a screen shows its name
const CUT = 4; // seconds without a connection before the room is told
const BACK = 30; // seconds in which a player has its picture, once the server is back

const $ = <T extends HTMLElement>(selector: string) => document.querySelector<T>(selector) as T;

const id = page.screen ?? "";
const topic = `screen:${id}`;
const draw = drawing(redraw);
const live = new Live(draw);
const labs = new Labs(draw);
let picture: ScreenPicture | undefined;
let wall: WallDisplay | undefined;
let lab: LabFace | undefined;
let comparison: ComparisonFace | undefined;
let known = false; // whether the server has said what this screen is
let paired = true;
let asleep = false;
let told = ""; // what the control room was last told
let toldAt = 0;
let connectedAt = performance.now(); // when there last was a connection
let backAt = 0; // since when there is one; 0: there is none

live.onPartial = (partial) => partial.channel === picture?.channel && picture.guess(partial);
live.onView = (view) => {
  if (view.topic === `captions:${picture?.channel}`) picture?.follow(view);
  if (view.topic === topic) known = true;
};
void enter().then(() => (id ? live.follow(topic, "talks") : unpaired()));
addEventListener("resize", draw);
addEventListener("contextmenu", (event) => event.preventDefault());
setInterval(() => ticks(air()?.entries ?? []) && draw(), 250);
setInterval(draw, 2000); // hours pass
setInterval(() => void tell(), PRESENCE * 1000);
keepLit(true);

function redraw(): void {
  backAt = live.connected ? backAt || performance.now() : 0;
  const screen = live.item<Screen>(topic, "screen", id);
  if (!screen) {
    if (known) unpaired();
    return;
  }
  const shown = air();
  const entries = shown?.entries ?? [];
  const spotted = spottedFor(screen);
  sleep(isDark(screen, entries.length + spotted > 0));
  follow(screen);
  const plays = screen.face === "live" && !asleep;
  const lost = plays && picture?.health === "card";
  const cleared = shown?.cleared ?? false;
  const ofLabs = screen.face === "lab" || screen.face === "comparison";
  document.title = screen.name;
  // Without a picture what is on air has the whole screen.
  document.body.dataset["face"] = asleep ? "night" : lost ? "air" : screen.face;
  document.body.dataset["health"] = plays ? (picture?.health ?? "card") : "well";
  document.body.classList.toggle("cleared", cleared);
  document.body.classList.toggle("with-card", entries.some(({ layer }) => layer === "card"));
  document.body.classList.toggle("bare", !entries.length);
  $("#stage").hidden = !plays;
  $("#wall").hidden = asleep || screen.face !== "wall" || cleared;
  $("#labs").hidden = asleep || !ofLabs || cleared;
  const bare = $("#wall").hidden && $("#labs").hidden && !entries.length;
  $("#waiting").hidden = asleep || !bare || (plays && !lost);
  if (!$("#waiting").hidden) {
    const talks = live.items<Talk>("talks", "talk");
    render(waitingCard(page.event, page.join, talks, screen.channel), $("#waiting"));
  }
  if (screen.face === "wall") wall?.draw();
  if (screen.face === "lab") lab?.draw(labs.all, screen.lab);
  if (screen.face === "comparison") comparison?.draw();
  const channel = live.item<Channel>(`channel:${screen.channel}`, "channel", screen.channel);
  picture?.about(channel);
  document.body.classList.toggle("captioned", channel?.captions !== "off");
  picture?.hear(screen.sound);
  render(onAir(entries, labs.all, page.join), $("#air"));
  fit($("#air"));
  render(signs(screen, spotted, lost), $("#signs"));
  if (told !== standing(screen) && performance.now() - toldAt > 1000) void tell();
}

/** Follow what this screen is told to show, from now on. */
function follow({ face, channel, lab: where }: Screen): void {
  const topics = [topic, "talks"];
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
  const wanted = face === "live" && !asleep ? channel : "";
  if (picture && picture.channel !== wanted) {
    picture.stop();
    picture = undefined;
  }
  if (wanted) {
    picture ??= new ScreenPicture($("#stage"), wanted, draw, startOver);
    topics.push(`channel:${channel}`, `captions:${channel}`);
  }
  live.follow(...topics);
}

/** Whether it is night; a talk that is late, or what somebody puts on air, keeps screens on. */
function isDark({ channel }: Screen, busy: boolean): boolean {
  if (busy || !page.night || !isNight(clock.now(), page.night, page.zone)) return false;
  const talks = live.items<Talk>("talks", "talk");
  return !talks.some((talk) => talk.state === "live" && talk.channel === channel);
}

function sleep(dark: boolean): void {
  if (dark === asleep) return;
  asleep = dark;
  keepLit(!dark);
  const morning = page.night && !isNight(clock.now(), page.night, page.zone);
  if (!dark && morning) begin();
}

function spottedFor({ spotted_at }: Screen): number {
  const spotted = seconds(spotted_at);
  const left = spotted == null ? 0 : Math.max(0, SPOTTED - (clock.now() - spotted));
  if (left) setTimeout(draw, 1000 * left + 50);
  return left;
}

function signs({ name, group }: Screen, spotted: number, lost: boolean) {
  if (live.connected) connectedAt = performance.now();
  const cut = performance.now() - connectedAt > CUT * 1000;
  const mends = lost || document.body.dataset["health"] === "mending";
  return html`${
    spotted
      ? html`<p class="spotted"><strong>${name}</strong>${group ? html`<span>${group}</span>` : nothing}</p>`
      : nothing
  }
  ${
    asleep || !(cut || mends)
      ? nothing
      : html`<p class="offline">
          <span class="spinner"></span>${cut ? "Hors ligne – reprise en cours" : "L’image revient"}
        </p>`
  }`;
}

function air(): Air | undefined {
  return live.item<Air>(topic, "air", id);
}

/** This display is no screen, or no more: it shows a code, alone, until somebody has claimed it. */
function unpaired(): void {
  if (!paired) return;
  paired = false;
  picture?.stop(); // its sound is heard in the room
  picture = undefined;
  for (const each of ["#stage", "#wall", "#labs", "#waiting"]) $(each).hidden = true;
  for (const each of ["#air", "#signs"]) render(nothing, $(each));
  document.body.dataset["face"] = "pairing";
  void pairing($("#pairing"), (screen) => location.replace(`/ecran/${screen}`));
}

/** The picture does not come, though the server has been there for a while. */
function startOver(): void {
  if (backAt && performance.now() - backAt > BACK * 1000) begin();
}

/** With what the server has by now. */
function begin(): void {
  void anew(() => picture?.leave());
}

function standing(screen: Screen) {
  const plays = screen.face === "live" && !asleep;
  return JSON.stringify({
    showing: plays ? (picture?.path ?? "") : screen.face,
    width: Math.round(innerWidth * devicePixelRatio),
    height: Math.round(innerHeight * devicePixelRatio),
    health: asleep ? "asleep" : plays ? (picture?.health ?? "card") : "well",
    heard: picture?.heard ?? "off",
  });
}

async function tell(): Promise<void> {
  const screen = live.item<Screen>(topic, "screen", id);
  if (!screen) return;
  told = standing(screen);
  toldAt = performance.now();
  try {
    await call("PUT", `/api/v1/screens/${id}/presence`, JSON.parse(told));
  } catch {
    // somebody looks at it without its pass, or the server is away: the next turn tells
  }
}
