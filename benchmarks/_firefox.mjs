// Watches a page in Firefox by WebDriver BiDi, and says in JSON how its picture came.
// usage: node _firefox.mjs FIREFOX URL SECONDS, where puppeteer-core can be imported

import puppeteer from "puppeteer-core";

const [executablePath, url, seconds] = process.argv.slice(2);
const PATIENCE = 60_000; // ms until a picture

const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath,
  headless: true,
  extraPrefsFirefox: { "media.autoplay.default": 0 },
});
try {
  const page = await browser.newPage();
  await page.setViewport({ width: 1280, height: 800 });
  const offers = [];
  page.on("response", (response) => {
    if (response.request().method() === "POST" && response.url().includes("/whep"))
      offers.push(response.status());
  });
  const opened = Date.now();
  await page.goto(url);
  await page.waitForFunction(moving, { timeout: PATIENCE, polling: 50 });
  const first = (Date.now() - opened) / 1000;
  const before = await page.evaluate(shown);
  await new Promise((done) => setTimeout(done, 1000 * Number(seconds)));
  const after = await page.evaluate(shown);
  const capabilities = await page.evaluate(() =>
    RTCRtpReceiver.getCapabilities("video").codecs.map(({ mimeType }) => mimeType),
  );
  const result = {
    browser: await browser.version(),
    offers,
    h264: capabilities.includes("video/H264"),
    first_picture_s: first,
    path: after.path,
    said: after.said,
    played_s: after.time - before.time,
    frames: after.frames - before.frames,
    dropped: after.dropped - before.dropped,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
} finally {
  await browser.close();
}

function moving() {
  const video = document.querySelector("video.shown");
  return video && video.getVideoPlaybackQuality().totalVideoFrames > 10;
}

function shown() {
  const video = document.querySelector("video.shown");
  const { totalVideoFrames: frames, droppedVideoFrames: dropped } = video.getVideoPlaybackQuality();
  const { path } = document.querySelector("#stage").dataset;
  const said = document.querySelector(".behind").title;
  return { path, said, frames, dropped, time: video.currentTime };
}
