// The page: pairs this device by the code in the address, and tells programs where to ask.
"use strict";

const byId = (id) => document.getElementById(id);
const code = new URLSearchParams(location.hash.slice(1)).get("pair");

function show(id, shown = true) {
  byId(id).hidden = !shown;
}

function complain(sentence) {
  byId("problem").textContent = sentence;
  show("problem");
}

async function pair() {
  const button = byId("pair");
  button.disabled = true;
  show("problem", false);
  try {
    const answer = await fetch("/pair", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ code, name: byId("name").value }),
    });
    const body = await answer.json();
    if (!answer.ok) return complain(body.error);
    byId("token").textContent = body.token;
    byId("whose").textContent = `It is called “${body.name}” and asks for ${body.account}.`;
    show("pairing", false);
    show("paired");
    byId("token").focus();
  } catch {
    complain("The computer could not be reached. Is Parley’s server still on?");
  } finally {
    button.disabled = false;
  }
}

async function copy(button) {
  const place = byId(button.dataset.of);
  getSelection().selectAllChildren(place);
  try {
    await navigator.clipboard.writeText(place.textContent);
  } catch {
    // Without encryption browsers have no clipboard for pages but this one.
    if (!document.execCommand("copy")) return;
  }
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
}

byId("openai").textContent = `${location.origin}/v1`;
byId("root").textContent = location.origin;
for (const button of document.querySelectorAll(".copy")) button.addEventListener("click", () => copy(button));

if (code) {
  history.replaceState(null, "", location.pathname); // the code is a secret: it does not stay in the address
  show("unpaired", false);
  show("pairing");
  byId("pair").addEventListener("click", pair);
  byId("name").addEventListener("keydown", (event) => { if (event.key === "Enter") pair(); });
}

fetch("/ca.crt").then((answer) => show("trust", answer.ok), () => {});
