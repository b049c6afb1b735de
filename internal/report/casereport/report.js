"use strict";
// The page is whole without this: it remembers what was chosen, filters
// tables, opens what a link points to, and opens all for the printer.
(() => {
  const root = document.documentElement;
  const page = document.querySelector(".page");
  page.classList.add("scripted-on");

  // Pages opened from a file may have no storage.
  const keep = (name, value) => { try { localStorage.setItem("kulla-" + name, value); } catch { /* not kept */ } };
  const kept = (name) => { try { return localStorage.getItem("kulla-" + name); } catch { return null; } };

  const speak = (tag) => {
    root.lang = tag;
    root.dir = tag === "ar" ? "rtl" : "ltr";
  };
  for (const input of document.querySelectorAll(".switch")) {
    input.addEventListener("change", () => {
      keep(input.name, input.value);
      if (input.name === "language") speak(input.value);
    });
    if (input.name === "theme" && kept("theme") === input.value) input.checked = true;
  }

  for (const input of document.querySelectorAll("[data-filter]")) {
    const rows = document.querySelectorAll("#" + input.dataset.filter + " tbody tr");
    input.addEventListener("input", () => {
      const wanted = input.value.toLowerCase();
      for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
    });
  }

  const open = (element) => {
    for (let e = element; e; e = e.parentElement) if (e.localName === "details") e.open = true;
  };
  // Whoever sends a link may write what is no text behind its sign.
  const fragment = () => { try { return decodeURIComponent(location.hash.slice(1)); } catch { return ""; } };
  const follow = () => {
    const target = document.getElementById(fragment());
    if (!target) return;
    open(target);
    const inner = target.querySelector(":scope > details.claim");
    if (inner) inner.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", follow);
  follow();

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const e of closed) e.open = true;
  });
  addEventListener("afterprint", () => { for (const e of closed) e.open = false; });

  // The keys 1 to 9 go to the sections; e opens and closes all proof.
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input[type=search]")) return;
    if (/^[1-9]$/.test(event.key)) document.querySelectorAll(".contents a")[event.key - 1]?.click();
    if (event.key === "e") {
      const all = [...document.querySelectorAll("details.claim")];
      const some = all.some((one) => !one.open);
      for (const one of all) one.open = some;
    }
  });
})();
