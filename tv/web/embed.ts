// The player alone, on another site: the picture with its captions, and the way to us.

import { enter } from "./session";
import { drawing, page } from "./page";
import { preferences } from "./kept";
import { Live } from "./live";
import { Scene } from "./parts/scene";
import { ranked, AUDIENCE } from "./talks";
import type { Channel, Talk } from "./protocol";
import "./shell";

const $ = <T extends HTMLElement>(selector: string) => document.querySelector<T>(selector) as T;

const { channel: slug } = page;
const live = new Live(drawing(redraw));
const scene = new Scene($("#stage"), $("#bar"), slug);

live.onPartial = (partial) => scene.guess(partial);
live.onView = (view) => {
  if (view.topic === `captions:${slug}`) scene.follow(view);
};
void enter().then(() => follow());

function follow(...more: string[]): void {
  live.follow("talks", `channel:${slug}`, `captions:${slug}`, ...more);
}

function redraw(): void {
  const channel = live.item<Channel>(`channel:${slug}`, "channel", slug);
  const [talk] = ranked(live.items<Talk>("talks", "talk"), slug, AUDIENCE);
  const signs = channel?.signs ?? "";
  follow(...(signs && preferences.signs ? [`channel:${signs}`] : []));
  scene.about(channel, talk, live.item<Channel>(`channel:${signs}`, "channel", signs));
}
