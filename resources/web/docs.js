// Shows /openapi.json as a page, grouped by dialect. Everything that comes from it is put in as text, never as markup.
"use strict";

const byId = (id) => document.getElementById(id);
const METHODS = ["get", "post", "put", "patch", "delete"];
const DEEPEST = 6;

function element(name, text = "", ...children) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  made.append(...children);
  return made;
}

function resolved(schema, api) {
  const steps = (schema?.$ref ?? "").split("/").slice(1);
  return steps.length ? steps.reduce((place, step) => place?.[step], api) ?? {} : schema ?? {};
}

// A schema as an example: what is in it, with the type of each value.
function sketch(schema, api, depth = 0) {
  const found = resolved(schema, api);
  const choices = found.anyOf ?? found.oneOf;
  if (choices) {
    const real = choices.filter((each) => each.type !== "null");
    return depth < DEEPEST && real.length ? sketch(real[0], api, depth + 1) : "any";
  }
  if (found.enum) return found.enum.join(" | ");
  if ("const" in found) return found.const;
  if (found.type === "array") return depth < DEEPEST ? [sketch(found.items, api, depth + 1)] : [];
  if (found.properties) {
    if (depth >= DEEPEST) return {};
    const needed = new Set(found.required ?? []);
    return Object.fromEntries(Object.entries(found.properties).map(([name, each]) =>
      [needed.has(name) ? name : `${name}?`, sketch(each, api, depth + 1)]));
  }
  return found.format ?? found.type ?? "any";
}

function body(title, content, api) {
  return Object.entries(content ?? {}).flatMap(([type, media]) => {
    const made = sketch(media.schema, api);
    const shown = typeof made === "string" ? made : JSON.stringify(made, null, 2);
    return [element("h3", `${title} (${type})`), element("pre", shown)];
  });
}

function parameters(list, api) {
  if (!list?.length) return [];
  const rows = list.map((each) => resolved(each, api)).map((each) => element("tr", "",
    element("td", each.required ? each.name : `${each.name}?`), element("td", each.in),
    element("td", String(sketch(each.schema, api))), element("td", each.description ?? "")));
  const head = element("tr", "", ...["Name", "In", "Type", ""].map((title) => element("th", title)));
  return [element("h3", "Parameters"), element("table", "", head, ...rows)];
}

function route(method, path, operation, api) {
  const name = element("span", method.toUpperCase());
  name.className = "method";
  const told = element("span", (operation.description ?? operation.summary ?? "").split("\n")[0]);
  told.className = "muted";
  const made = element("details", "", element("summary", "", name, element("code", path), told));
  made.className = "route";
  made.dataset.words = `${method} ${path} ${told.textContent}`.toLowerCase();
  made.addEventListener("toggle", () => { // what is folded is not made: there are hundreds
    if (!made.open || made.dataset.made) return;
    made.dataset.made = "yes";
    made.append(...parameters(operation.parameters, api));
    made.append(...body("Body", resolved(operation.requestBody, api).content, api));
    for (const [status, answer] of Object.entries(operation.responses ?? {})) {
      made.append(...body(`Answer ${status}`, resolved(answer, api).content, api));
    }
  });
  return made;
}

function draw(api) {
  const groups = new Map();
  for (const [path, operations] of Object.entries(api.paths)) {
    for (const method of METHODS.filter((each) => operations[each])) {
      const group = operations[method].tags?.[0] ?? "others";
      if (!groups.has(group)) groups.set(group, element("section", "", element("h2", group)));
      groups.get(group).append(route(method, path, operations[method], api));
    }
  }
  for (const group of groups.values()) group.className = "card";
  byId("routes").replaceChildren(...groups.values());
  byId("filter").hidden = byId("filter-label").hidden = false;
}

function filter() {
  const words = byId("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const each of document.querySelectorAll(".route")) {
    each.hidden = !words.every((word) => each.dataset.words.includes(word));
  }
  for (const group of document.querySelectorAll("#routes > section")) {
    group.hidden = !group.querySelector(".route:not([hidden])");
  }
}

async function read() {
  const key = byId("key").value.trim();
  const problem = byId("problem");
  problem.hidden = true;
  try {
    const answer = await fetch("/openapi.json", { headers: key ? { Authorization: `Bearer ${key}` } : {} });
    if (answer.ok) {
      byId("ask").hidden = true;
      return draw(await answer.json());
    }
    byId("ask").hidden = false;
    if (!key) return byId("key").focus();
    problem.textContent = (await answer.json()).error;
  } catch {
    problem.textContent = "The computer could not be reached. Is Parley’s server still on?";
    byId("ask").hidden = false;
  }
  problem.hidden = false;
}

byId("read").addEventListener("click", read);
byId("key").addEventListener("keydown", (event) => { if (event.key === "Enter") read(); });
byId("filter").addEventListener("input", filter);
read();
