"use strict";
// Shows a newer board in the place of an older one, while somebody looks at it.
// Without this script the page stays as it was made and says of when it is.

const EVERY = 20_000; // milliseconds between two looks; the answer is a few bytes
const GONE = [401, 403, 404, 503]; // signed out, refused, or dark: nothing may stay

const main = document.querySelector("main[data-live]");

// Makes an element like a fresh one and keeps it where it can: what has the focus, is
// open, is scrolled or has been typed into stays so.
function follow(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeName !== fresh.nodeName) return old.replaceWith(fresh);
  if (old.nodeType !== Node.ELEMENT_NODE) {
    old.nodeValue = fresh.nodeValue;
    return;
  }
  for (const { name } of [...old.attributes])
    if (name !== "open" && !fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes)
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  const before = [...old.childNodes], after = [...fresh.childNodes];
  after.forEach((node, i) => (i < before.length ? follow(before[i], node) : old.append(node)));
  before.slice(after.length).forEach((node) => node.remove());
}

const nameOf = (row) => row.cells[1]?.textContent;
const rows = () => [...main.querySelectorAll(".board tbody tr")];

// A row that is being read moves with its person: the page is moved along.
function place() {
  const row = rows().find((one) => one.getBoundingClientRect().top >= 0);
  if (!row || row.getBoundingClientRect().top > innerHeight) return () => {};
  const name = nameOf(row), top = row.getBoundingClientRect().top;
  return () => {
    const now = rows().find((one) => nameOf(one) === name);
    if (now) scrollBy({ top: now.getBoundingClientRect().top - top, behavior: "instant" });
  };
}

// So does the focus, if it is on somebody's link.
function focus() {
  const address = document.activeElement?.getAttribute("href");
  return () => {
    if (!address || document.activeElement?.getAttribute("href") === address) return;
    const links = [...main.querySelectorAll("a")];
    links.find((one) => one.getAttribute("href") === address)?.focus({ preventScroll: true });
  };
}

async function show() {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("main[data-live]");
  if (!answer.ok || !fresh) return location.reload();
  const back = [focus(), place()];
  follow(main, fresh);
  follow(document.querySelector("footer"), page.querySelector("footer"));
  back.forEach((restore) => restore());
  document.getElementById("news").textContent = main.dataset.news;
}

async function look() {
  if (document.hidden || !getSelection().isCollapsed) return;
  const answer = await fetch(main.dataset.live);
  if (GONE.includes(answer.status)) return location.reload();
  if (answer.ok && (await answer.json()).as_of !== main.dataset.asOf) await show();
}

if (main) {
  // What cannot be reached now is tried again: the page says of when it is.
  const attempt = () => look().catch(() => {});
  setInterval(attempt, EVERY);
  document.addEventListener("visibilitychange", attempt);
}
