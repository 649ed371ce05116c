// What makes the pages of a help center quicker to use: answers while one types, votes without a new page.
// Every page works without it. Nothing here may throw: whatever fails, the plain form is still there.
"use strict";

(() => {
  const WAIT_MS = 130;
  const LONGEST = 200;
  let lists = 0;

  /** An element with attributes and children; text is always text. */
  const make = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };

  /** A title whose found parts are marked. */
  const marked = (parts) => parts.map(([text, isFound]) => (isFound ? make("mark", {}, text) : text));

  const counted = (words, count) =>
    count === 0 ? words.none : (count === 1 ? words.one : words.other).replace("{number}", words.format(count));

  const wordsOf = (source) => ({
    none: source.dataset.none,
    one: source.dataset.one,
    other: source.dataset.other,
    format: (count) => new Intl.NumberFormat(document.documentElement.lang).format(count),
  });

  /** Asks for articles about what is being typed; an answer that came too late is dropped. */
  const asker = (address, show) => {
    let timer = 0;
    let request = null;
    const stop = () => {
      clearTimeout(timer);
      if (request) request.abort();
      request = null;
    };
    const ask = async (query) => {
      const own = new AbortController();
      request = own;
      try {
        const url = new URL(address, window.location.href);
        url.searchParams.set("query", query.slice(0, LONGEST));
        const answer = await fetch(url, { signal: own.signal, headers: { Accept: "application/json" } });
        if (!answer.ok) throw new Error(String(answer.status));
        const found = await answer.json();
        if (request === own) show(found, query);
      } catch {
        if (request === own) show(null, query);
      }
    };
    return {
      stop,
      later(query) {
        stop();
        timer = setTimeout(ask, WAIT_MS, query);
      },
    };
  };

  /** A search field with a list of articles below it: the combobox pattern of WAI-ARIA. */
  const combobox = (form) => {
    const input = form.querySelector("input[name=query]");
    if (!input) return;
    const id = `suggestions-${(lists += 1)}`;
    const words = wordsOf(form);
    const list = make("div", { id, role: "listbox", class: "suggestions", "aria-label": form.dataset.label, hidden: "" });
    const status = make("div", { role: "status", class: "visually-hidden" });
    form.append(list, status);
    for (const [name, value] of [
      ["role", "combobox"],
      ["aria-autocomplete", "list"],
      ["aria-expanded", "false"],
      ["aria-controls", id],
      ["autocapitalize", "off"],
      ["spellcheck", "false"],
    ])
      input.setAttribute(name, value);
    let active = -1;

    const options = () => [...list.children];
    const choose = (index) => {
      const all = options();
      active = index < -1 ? all.length - 1 : index >= all.length ? -1 : index;
      all.forEach((one, place) => one.setAttribute("aria-selected", String(place === active)));
      if (active < 0) input.removeAttribute("aria-activedescendant");
      else {
        input.setAttribute("aria-activedescendant", all[active].id);
        all[active].scrollIntoView({ block: "nearest" });
      }
    };
    const close = () => {
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      choose(-1);
    };
    const open = () => {
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
    };
    const option = (address, kind, ...children) =>
      make(
        "a",
        {
          id: `${id}-${list.childElementCount}`,
          role: "option",
          class: kind,
          href: address,
          tabindex: "-1",
          "aria-selected": "false",
        },
        ...children,
      );

    const show = (found, query) => {
      list.replaceChildren();
      active = -1;
      input.removeAttribute("aria-activedescendant");
      if (!found || !found.results.length) {
        close();
        status.textContent = found && query ? words.none : "";
        return;
      }
      for (const one of found.results) {
        const title = make("span", { class: "name" }, ...marked(one.title));
        list.append(option(one.url, "suggestion", title, make("span", { class: "place" }, one.place)));
      }
      const all = `/search?query=${encodeURIComponent(query)}`;
      list.append(option(all, "suggestion all", form.dataset.all.replace("{number}", words.format(found.total))));
      open();
      status.textContent = counted(words, found.total);
    };
    const asking = asker(form.dataset.suggest, show);

    input.addEventListener("input", () => {
      const query = input.value.trim();
      if (query) asking.later(query);
      else {
        asking.stop();
        show(null, "");
      }
    });
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        if (!list.childElementCount) return;
        event.preventDefault();
        const by = event.key === "ArrowDown" ? 1 : -1;
        if (list.hidden) {
          open();
          choose(by > 0 ? 0 : list.childElementCount - 1);
        } else choose(active + by);
      } else if (event.key === "Escape" && !list.hidden) {
        // The first one closes the list and leaves what was typed.
        event.preventDefault();
        asking.stop();
        close();
      } else if (event.key === "Enter" && active >= 0) {
        event.preventDefault();
        window.location.assign(options()[active].href);
      } else if (event.key === "Tab") close();
    });
    input.addEventListener("focus", () => {
      if (list.childElementCount && input.value.trim()) open();
    });
    form.addEventListener("focusout", (event) => {
      if (!form.contains(event.relatedTarget)) close();
    });
    // A press would take the focus from the field and so the list from under the pointer.
    list.addEventListener("mousedown", (event) => event.preventDefault());
    form.addEventListener("submit", () => asking.stop());
  };

  /** `/` leads to the search field, from wherever nothing is being typed. */
  const slash = () => {
    document.addEventListener("keydown", (event) => {
      const isTyping = event.target.closest?.("input, textarea, select, [contenteditable]");
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
      const input = document.querySelector("form[data-suggest] input[name=query]");
      if (!input) return;
      event.preventDefault();
      input.focus();
      input.select();
    });
  };

  /** Articles that may answer what somebody is about to ask. */
  const answers = (input) => {
    const panel = document.getElementById(input.dataset.answers);
    if (!panel) return;
    const list = panel.querySelector("ul");
    const status = panel.querySelector("[role=status]");
    const words = wordsOf(panel);
    const asking = asker(panel.dataset.suggest, (found) => {
      const results = found ? found.results.slice(0, 4) : [];
      list.replaceChildren(
        ...results.map((one) => {
          const title = make("span", { class: "name" }, ...marked(one.title));
          const link = make("a", { href: one.url, target: "_blank", rel: "noopener" }, title);
          link.append(make("span", { class: "place" }, one.place));
          return make("li", {}, link);
        }),
      );
      panel.classList.toggle("has-answers", results.length > 0);
      status.textContent = results.length ? counted(words, results.length) : "";
    });
    input.addEventListener("input", () => {
      const query = input.value.trim();
      if (query.length > 2) asking.later(query);
      else {
        asking.stop();
        list.replaceChildren();
        panel.classList.remove("has-answers");
      }
    });
  };

  /** A vote is counted where it is given. */
  const vote = (form) => {
    const section = form.closest(".vote");
    const status = section.querySelector("[role=status]");
    const buttons = [...form.querySelectorAll("button[name=helpful]")];
    const plainly = (chosen) => {
      form.append(make("input", { type: "hidden", name: "helpful", value: chosen }));
      form.submit();
    };
    let isSending = false;
    form.addEventListener("submit", async (event) => {
      const chosen = event.submitter?.value;
      if (!chosen || typeof fetch !== "function") return;
      event.preventDefault();
      if (isSending) return;
      isSending = true;
      try {
        const answer = await fetch(form.action, {
          method: "POST",
          headers: { Accept: "application/json" },
          body: new URLSearchParams({ helpful: chosen }),
        });
        if (!answer.ok) throw new Error(String(answer.status));
        for (const button of buttons) button.setAttribute("aria-pressed", String(button.value === chosen));
        section.classList.toggle("said-no", chosen === "no");
        section.classList.add("said");
        status.textContent = chosen === "no" ? section.dataset.no : section.dataset.yes;
      } catch {
        plainly(chosen);
      } finally {
        isSending = false;
      }
    });
  };

  /** Says how large files are before they are sent in vain, and keeps one press of the button one message. */
  const contact = (form) => {
    const files = form.querySelector("input[type=file]");
    const told = files && document.getElementById(files.dataset.told);
    if (told) {
      files.addEventListener("change", () => {
        const chosen = [...files.files];
        const isTooMuch =
          chosen.length > Number(files.dataset.most) || chosen.some((one) => one.size > Number(files.dataset.bytes));
        files.setCustomValidity(isTooMuch ? files.dataset.toomuch : "");
        told.textContent = isTooMuch ? files.dataset.toomuch : chosen.map((one) => one.name).join(", ");
        told.classList.toggle("fault", isTooMuch);
      });
    }
    form.addEventListener("submit", () => {
      const button = form.querySelector("button[type=submit]");
      // After the browser has gathered the form; when it comes back by "back", the button is to work again.
      setTimeout(() => button.setAttribute("aria-disabled", "true"), 0);
    });
    form.addEventListener("click", (event) => {
      if (event.target.closest("button[aria-disabled=true]")) event.preventDefault();
    });
    window.addEventListener("pageshow", () => form.querySelector("button[type=submit]").removeAttribute("aria-disabled"));
    // What is wrong is said first, also to those who cannot see the page.
    document.querySelector(".faults")?.focus();
  };

  const each = (selector, improve) => {
    for (const one of document.querySelectorAll(selector)) {
      try {
        improve(one);
      } catch (error) {
        console.warn("Waypost:", error);
      }
    }
  };
  each("form[data-suggest]", combobox);
  each("input[data-answers]", answers);
  each("form[data-vote]", vote);
  each("form[data-contact]", contact);
  slash();
})();
