// The player alone, on another site: the picture with its captions, and the way to us.

import { enter } from "./session";
import { drawing, page } from "./page";
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
void enter().then(() => live.follow("talks", `channel:${slug}`, `captions:${slug}`));

function redraw(): void {
  const channel = live.item<Channel>(`channel:${slug}`, "channel", slug);
  const [talk] = ranked(live.items<Talk>("talks", "talk"), slug, AUDIENCE);
  if (channel?.signs) live.follow(`channel:${channel.signs}`);
  const signs = channel?.signs
    ? live.item<Channel>(`channel:${channel.signs}`, "channel", channel.signs)
    : undefined;
  scene.about(channel, talk, signs);
}
