// Drives Debian's Chromium through one story on the page of a board. Says what it saw as JSON on
// the last line; exits 1 with the reason when anything is not as it should be.
//
//   node page.mjs --modules FOLDER --shots FOLDER STORY '{"url": ..., ...}'
//
// FOLDER of modules is where npm put playwright-core, which brings no browser of its own. Stories
// are the functions below that take ({ browser, shots, ...the JSON }).
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";

const CHROMIUM = "/usr/bin/chromium";
const PATIENCE_MS = 180000;
const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };
const PORTRAIT = { width: 720, height: 632 };
const SLOW_BYTES_PER_S = 100 * 1024;

function check(condition, ...about) {
    if (!condition) {
        throw new Error(about.map((a) => typeof a === "string" ? a : JSON.stringify(a)).join(" "));
    }
}

// ---- the page as its user sees it

// A person's browser: it knows name and password, and every address that it asks for is kept.
async function open(browser, url, password, viewport = DESKTOP) {
    const httpCredentials = password && { username: "admin", password };
    const context = await browser.newContext({ viewport, httpCredentials });
    const asked = new Set();
    const questions = [];
    context.on("request", (request) => asked.add(request.url()));
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    page.on("dialog", (dialog) => {
        questions.push(dialog.message());
        dialog.accept();
    });
    const answer = await page.goto(url).catch((error) => error);
    return { context, page, answer, asked, questions };
}

// The rows of "Slots" as [name, image, [tags], [buttons]].
function slots(page) {
    return page.locator(".slot").evaluateAll((rows) => rows.map((row) => {
        const all = (selector) => [...row.querySelectorAll(selector)].map((e) => e.textContent);
        return [all("b")[0], all(".what")[0], all(".tag"), all("button")];
    }));
}

async function seesSlots(page, want) {
    const rows = await slots(page);
    check(JSON.stringify(rows) === JSON.stringify(want), "the slots are", rows, "not", want);
}

function says(page, text, kind) {
    return page.locator(`#say${kind ? "." + kind : ""}`, { hasText: text }).waitFor();
}

// Everything that the page says and shows of an upload, from now on.
async function watchUpload(page) {
    await page.evaluate(() => {
        const say = document.getElementById("say"), bar = document.getElementById("bar");
        window.seen = { said: [], bar: [] };
        new MutationObserver(() => {
            if (window.seen.said.at(-1) !== say.textContent) {
                window.seen.said.push(say.textContent);
            }
            if (!bar.hidden) {
                window.seen.bar.push(bar.value);
            }
        }).observe(document.body, { attributes: true, childList: true, subtree: true });
    });
    return () => page.evaluate(() => window.seen);
}

// What sticks out of the page to the right, or can only be reached by scrolling sideways.
function tooWide(page) {
    return page.evaluate(() => {
        const edge = document.documentElement.clientWidth;
        const out = [...document.querySelectorAll("body *")].filter((e) => {
            const box = e.getBoundingClientRect();
            return box.width > 1 && (box.right > edge + 0.5 || box.left < -0.5 ||
                (e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== "inline"));
        }).map((e) => `${e.tagName}#${e.id}.${e.className}`);
        return document.documentElement.scrollWidth > edge ? ["the page itself", ...out] : out;
    });
}

async function fits(page, name) {
    const out = await tooWide(page);
    check(out.length === 0, `${name}: wider than the screen:`, out);
}

// A browser that sends slowly, as a far one does.
async function slowly(context, page) {
    const session = await context.newCDPSession(page);
    await session.send("Network.enable");
    await session.send("Network.emulateNetworkConditions", { offline: false, latency: 0,
        downloadThroughput: -1, uploadThroughput: SLOW_BYTES_PER_S });
}

// What really goes over the wire: the first request to this host that says where it comes from and
// has its answer. A promise in an array, as it is waited for later.
async function watchWire(context, page, host) {
    const session = await context.newCDPSession(page);
    const requests = new Map();
    await session.send("Network.enable");
    session.on("Network.requestWillBeSentExtraInfo", ({ requestId, headers }) =>
        requests.set(requestId, headers));
    return [new Promise((found, lost) => {
        setTimeout(() => lost(new Error("the device has not answered")), PATIENCE_MS).unref();
        session.on("Network.responseReceivedExtraInfo", ({ requestId, statusCode, headers }) => {
            const asked = requests.get(requestId) || {};
            if (asked.Host === host && asked.Origin !== undefined && statusCode !== 401) {
                found({ status: statusCode, error: headers["X-Aloft-Error"], origin: asked.Origin,
                    digest: (asked.Authorization || "").startsWith("Digest ") });
            }
        });
    })];
}

// ---- the stories

// Uploads, confirms, uploads again, rolls back, chooses a slot, restarts: all by hand.
async function update({ browser, shots, url, password, files }) {
    const { context, page, answer, asked, questions } = await open(browser, url, password);
    check(answer.status() === 200, "the page is answered with", answer.status());
    const shot = (name) => page.screenshot({ path: path.join(shots, `${name}.png`) });
    const press = (name) => page.getByRole("button", { name, exact: true }).click();
    const off = (name) => page.getByRole("button", { name, exact: true }).isDisabled();

    await page.locator(".slot").first().waitFor();
    await seesSlots(page, [["factory", "web_app 1.0.0", ["running"], []],
        ["ota_0", "no image", [], []], ["ota_1", "no image", [], []]]);
    check(await off("Confirm") && await off("Roll back") && await off("Upload"),
        "buttons that can do nothing are on");
    await shot("1-first");

    const upload = await watchUpload(page);
    await slowly(context, page);
    await page.locator("#file").setInputFiles(files[0]);
    await press("Upload");
    await page.waitForFunction(() => document.getElementById("bar").value > 0.3);
    await shot("2-uploading");
    check(await off("Restart"), "the device could be restarted during an upload");
    await says(page, "web_app 2.0.0 runs from ota_0. It is on trial: confirm it", "good");
    const { said, bar } = await upload();
    const percent = said.filter((text) => /^Uploading… \d+ %$/.test(text)).length;
    check(percent >= 3, "progress was not told:", said);
    check(bar.some((v) => v > 0.2 && v < 0.8), "the bar did not move:", bar);
    check(said.includes("The image is whole and selected. The device restarts."),
        "the result was not told:", said);
    await seesSlots(page, [["factory", "web_app 1.0.0", [], ["Boot"]],
        ["ota_0", "web_app 2.0.0", ["running", "on trial"], []], ["ota_1", "no image", [], []]]);
    await shot("3-on-trial");

    await press("Confirm");
    await says(page, "Done.", "good");
    await page.locator(".slot .tag", { hasText: "confirmed" }).waitFor();
    check(await off("Confirm"), "what is confirmed could be confirmed again");

    await page.locator("#file").setInputFiles(files[1]);
    await press("Upload");
    await says(page, "web_app 3.0.0 runs from ota_1.", "good");
    await press("Roll back");
    await says(page, "web_app 2.0.0 runs from ota_0.", "good");
    await seesSlots(page, [["factory", "web_app 1.0.0", [], ["Boot"]],
        ["ota_0", "web_app 2.0.0", ["running", "confirmed"], []],
        ["ota_1", "web_app 3.0.0", ["refused itself"], ["Boot"]]]);
    await shot("4-rolled-back");

    await press("Boot factory");
    await says(page, "web_app 1.0.0 runs from factory.", "good");
    await press("Restart");
    await says(page, "The device restarts.");
    await says(page, "web_app 1.0.0 runs from factory.", "good");
    check(JSON.stringify(questions) === JSON.stringify(["Refuse the running app and go back?",
        "Boot factory (1.0.0) now?", "Restart the device?"]), "asked before:", questions);

    const foreign = [...asked].filter((a) => !a.startsWith(url) && !a.startsWith("data:"));
    check(foreign.length === 0, "the page asks elsewhere:", foreign);
    return { asked: [...asked].sort() };
}

// The page on a phone: whatever it shows, its user never scrolls sideways.
async function phone({ browser, shots, url, password, text, longName }) {
    const { page } = await open(browser, url, password, PHONE);
    const shot = (name) =>
        page.screenshot({ path: path.join(shots, `${name}.png`), fullPage: true });
    await page.locator(".slot").first().waitFor();
    await fits(page, "at first");
    await shot("phone-1-first");
    await page.locator("#file").setInputFiles(longName);
    await fits(page, "a file with a long name");
    await shot("phone-2-picked");
    await page.locator("#file").setInputFiles(text);
    await page.getByRole("button", { name: "Upload" }).click();
    await page.locator("#say.bad").waitFor();
    await fits(page, "after an error");
    await shot("phone-3-error");
    return {};
}

// The page as README shows it, by day and by night.
async function portrait({ browser, shots, url, password }) {
    const { page } = await open(browser, url, password, PORTRAIT);
    await page.locator(".slot").first().waitFor();
    for (const colorScheme of ["light", "dark"]) {
        await page.emulateMedia({ colorScheme });
        await page.screenshot({ path: path.join(shots, `page-${colorScheme}.png`) });
    }
    return { text: await page.locator("main").innerText() };
}

// Files that are not firmware for this device: the page says so in words, and can go on at once.
async function refused({ browser, shots, url, password, text, damaged }) {
    const { page } = await open(browser, url, password);
    const said = {};
    for (const [name, file] of Object.entries({ text, damaged })) {
        await page.locator("#file").setInputFiles(file);
        await page.getByRole("button", { name: "Upload" }).click();
        await page.locator("#say.bad").waitFor();
        said[name] = await page.locator("#say").textContent();
        await page.screenshot({ path: path.join(shots, `refused-${name}.png`) });
        check(await page.locator("#bar").isHidden(), "the bar still stands");
        check(await page.getByRole("button", { name: "Upload" }).isEnabled(), "no second try");
    }
    return said;
}

// The answer to an upload gets lost: the page finds out what has become of it.
async function lost({ browser, url, password, file }) {
    const { page } = await open(browser, url, password);
    await page.locator(".slot").first().waitFor();
    await page.locator("#file").setInputFiles(file);
    await page.getByRole("button", { name: "Upload" }).click();
    await page.locator("#say.good, #say.bad").waitFor();
    return { said: await page.locator("#say").textContent() };
}

// Leaves the page in the middle of an upload. The tab stays: with it Chromium would drop the slow
// line as well, and be done with the upload before it ends it.
async function leave({ browser, url, password, file }) {
    const { context, page } = await open(browser, url, password);
    await page.locator(".slot").first().waitFor();
    await slowly(context, page);
    await page.locator("#file").setInputFiles(file);
    await page.getByRole("button", { name: "Upload" }).click();
    await page.waitForFunction(() => document.getElementById("bar").value > 0.2);
    const sent = await page.evaluate(() => document.getElementById("bar").value);
    await page.goto("about:blank");
    return { sent };
}

// Without the right password nothing of the page is seen.
async function stranger({ browser, url, password }) {
    const seen = {};
    for (const [name, word] of Object.entries({ wrong: `not ${password}`, none: undefined })) {
        const { page, answer, context } = await open(browser, url, word);
        seen[name] = { answer: answer.status?.() ?? answer.message,
            text: await page.locator("body").textContent(),
            page: await page.locator("main, .slot").count() };
        await context.close();
    }
    return seen;
}

// Goes to the page of another site in a browser that has the device's page open, so that it has
// its password in the cache and sends it wherever it is told to. One answer for each attack.
async function foreign({ browser, url, password, evil, attacks }) {
    const known = new URL(url);
    known.username = "admin";
    known.password = password;
    const { context, page } = await open(browser, known.href);
    await page.locator(".slot").first().waitFor();
    const seen = [];
    for (const attack of attacks) {
        const tab = await context.newPage();
        const [sent] = await watchWire(context, tab, known.host);
        await tab.goto(evil + attack);
        seen.push({ attack, ...await sent });
        await tab.close();
    }
    return seen;
}

const STORIES = { update, phone, portrait, refused, leave, lost, stranger, foreign };

async function main() {
    const { values, positionals } = parseArgs({ allowPositionals: true,
        options: { modules: { type: "string" }, shots: { type: "string" } } });
    const [story, about] = positionals;
    // Modules are looked for beside the file that asks, and these are not in the source tree.
    const require = createRequire(path.join(path.resolve(values.modules), "package.json"));
    const { chromium } = require("playwright-core");
    fs.mkdirSync(values.shots, { recursive: true });
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    try {
        const seen = await STORIES[story]({ browser, shots: values.shots, ...JSON.parse(about) });
        console.log(JSON.stringify(seen));
    } finally {
        await browser.close();
    }
}

main().catch((error) => {
    console.error(`page.mjs: ${error.stack}`);
    process.exit(1);
});
