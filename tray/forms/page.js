"use strict";
(() => {
  const told = JSON.parse(document.getElementById("state").textContent);
  const t = (text, values) =>
    (told.words[text] || text).replace(/\{(\w+)\}/g, (whole, name) => (values && name in values ? values[name] : whole));
  const $ = (id) => document.getElementById(id);
  const form = $("form");
  const texts = ["title", "text", "error_text", "before", "tried"];
  let draft = told.state.draft;
  let questions = told.state.questions;
  let known = { alerts: [], tickets: [], waiting: [], desk: null, problem: null };
  let sent = null;
  let told_problem = null;
  history.replaceState(null, "", "/" + location.hash);

  const make = (tag, members = {}, ...children) => {
    const one = document.createElement(tag);
    for (const [name, value] of Object.entries(members)) {
      if (name in one && name !== "list") one[name] = value;
      else one.setAttribute(name, value);
    }
    one.append(...children.filter((child) => child !== null && child !== ""));
    return one;
  };
  const button = (text, act, members = {}) => {
    const one = make("button", { type: "button", textContent: text, ...members });
    one.addEventListener("click", act);
    return one;
  };

  const ask = async (path, body = {}) => {
    let answer;
    try {
      answer = await fetch("/" + path, {
        method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" },
      });
    } catch {
      throw new Error(t("This window has lost its program. What you wrote is kept; open it again."));
    }
    const tree = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(tree.problem), { field: tree.field || "" });
    return tree;
  };
  const notice = (text) => { $("notice").textContent = text; $("notice").hidden = !text; };
  const attempt = async (act, told_in = notice) => {
    try { return await act(); } catch (error) { told_in(error.message); return null; }
  };

  // The draft and the fields ------------------------------------------------------------------
  const written = () => {
    const given = new FormData(form);
    const tree = { ...draft };
    for (const name of texts) tree[name] = $(name).value;
    tree.urgency = given.get("urgency");
    tree.kind = $("kind").value;
    tree.contact = { name: $("name").value, phone: $("phone").value, email: $("email").value, prefer: given.get("prefer") };
    tree.answers = {};
    for (const field of document.querySelectorAll("[data-question]"))
      if (field.value) tree.answers[field.dataset.question] = field.value;
    return tree;
  };
  const show = (given) => {
    draft = given;
    for (const name of texts) $(name).value = draft[name];
    form.querySelector(`[name=urgency][value=${draft.urgency}]`).checked = true;
    form.querySelector(`[name=prefer][value=${draft.contact.prefer}]`).checked = true;
    for (const name of ["name", "phone", "email"]) $(name).value = draft.contact[name];
    $("kind").value = draft.kind;
    if (draft.kind !== "other" || draft.error_text || draft.before || draft.tried) $("more").open = true;
    ask_about(draft.kind);
    files(draft.attachments);
    wrong({});
  };
  const wrong = (problems) => {
    for (const field of form.querySelectorAll(".problem")) {
      const name = field.id.replace(/-problem$/, "");
      field.textContent = problems[name] || "";
      const input = $(name.replace("contact.", ""));
      if (input) input.setAttribute("aria-invalid", name in problems ? "true" : "false");
    }
    const unplaced = Object.entries(problems).filter(([name]) => !$(`${name}-problem`)).map(([, text]) => text);
    notice(unplaced.join(" "));
    const first = form.querySelector("[aria-invalid=true]");
    if (first) { const closed = first.closest("details"); if (closed) closed.open = true; first.focus(); }
  };
  let saving = null;
  const save_soon = () => {
    clearTimeout(saving);
    $("saved").textContent = "";
    saving = setTimeout(save_now, 400);
  };
  const save_now = async () => {
    clearTimeout(saving);
    draft = written();
    if (await attempt(() => ask("draft", draft))) $("saved").textContent = t("Draft kept");
  };
  form.addEventListener("input", (happened) => {
    if (happened.target.closest("#editor, #files")) return;
    const field = $(`${happened.target.id}-problem`);
    if (field) { field.textContent = ""; happened.target.setAttribute("aria-invalid", "false"); }
    save_soon();
    if (["title", "text"].includes(happened.target.id)) suggest_soon();
  });
  addEventListener("pagehide", () => {
    if (!form.hidden) navigator.sendBeacon("/draft", new Blob([JSON.stringify(written())], { type: "application/json" }));
  });

  const ask_about = (kind) => {
    $("questions").replaceChildren(...(questions[kind] || []).map((one) => {
      const id = "question-" + one.key;
      const field = one.choices.length
        ? make("select", { id }, make("option", { value: "", textContent: t("choose…") }),
          ...one.choices.map((choice) => make("option", { value: choice, textContent: choice })))
        : make("input", { id, type: "text" });
      field.dataset.question = one.key;
      field.value = draft.answers[one.key] || "";
      return make("div", { className: "field" }, make("label", { htmlFor: id, textContent: one.ask }), field);
    }));
  };
  $("kind").addEventListener("change", () => { draft = written(); ask_about($("kind").value); });

  // Sending -----------------------------------------------------------------------------------
  form.addEventListener("submit", async (happened) => {
    happened.preventDefault();
    clearTimeout(saving);
    $("send").disabled = true;
    const answer = await attempt(() => ask("send", written()));
    $("send").disabled = false;
    if (!answer) return;
    wrong(answer.problems);
    if (!answer.sent) return;
    sent = { id: answer.sent };
    draft = answer.draft;
    form.hidden = true;
    $("verdict").hidden = $("known").hidden = true;
    $("done").hidden = false;
    $("done-text").textContent = t("The number of your ticket comes here as soon as the desk has it.");
    $("done-help").textContent = reach();
    $("done").focus();
    refresh();
  });
  const afresh = (given) => {
    sent = null;
    $("done").hidden = true;
    form.hidden = false;
    $("verdict").hidden = false;
    $("suggestions").hidden = true;
    show(given);
    about_known();
    $("title").focus();
  };
  $("again").addEventListener("click", () => afresh(draft));
  $("discard").addEventListener("click", async () => {
    clearTimeout(saving);
    const answer = await attempt(() => ask("discard"));
    if (answer) { afresh(answer.draft); notice(t("Discarded.")); }
  });
  const leave = async () => {
    if (!form.hidden) await save_now();
    window.close();
    notice(t("Everything is kept. You can close this window."));
  };
  $("close").addEventListener("click", leave);
  addEventListener("keydown", (happened) => {
    if (happened.key === "Escape" && !happened.defaultPrevented && happened.target.tagName !== "SELECT") leave();
    if (happened.key === "Enter" && (happened.ctrlKey || happened.metaKey) && !form.hidden && !$("report").hidden) form.requestSubmit();
  });

  // Notes that may help -----------------------------------------------------------------------
  let suggesting = null;
  const suggest_soon = () => {
    clearTimeout(suggesting);
    suggesting = setTimeout(async () => {
      const answer = await attempt(() => ask("suggest", { text: $("title").value + " " + $("text").value }), () => {});
      const notes = answer ? answer.notes : [];
      $("suggestions").hidden = !notes.length;
      $("suggestions").replaceChildren(make("h2", { textContent: t("This may help") }), ...notes.map((note) => make("details", {},
        make("summary", { textContent: note.title }),
        make("p", { textContent: note.text }),
        button(t("This solved my problem"), async () => {
          if (!await attempt(() => ask("solved", { note: note.id }))) return;
          clearTimeout(saving);
          afresh((await ask("discard")).draft);
          notice(t("Good. Nothing was sent but that this note helped."));
        }))));
    }, 500);
  };

  // Pictures and files ------------------------------------------------------------------------
  const size = (bytes) => bytes < 1e6 ? t("{size} KB", { size: Math.ceil(bytes / 1e3) }) : t("{size} MB", { size: (bytes / 1e6).toFixed(1) });
  const trouble = (text) => { $("attachments-problem").textContent = text; };
  const files = (attachments) => {
    draft.attachments = attachments;
    $("files").replaceChildren(...attachments.map((one) => make("li", {},
      make("span", { textContent: `${one.name} (${size(one.bytes)})` }),
      button(t("Take off"), async () => {
        const answer = await attempt(() => ask("detach", { attachment: one.id }), trouble);
        if (answer) { files(answer.attachments); $("choose").focus(); }
      }, { "aria-label": t("Take off {name}", { name: one.name }) }))));
  };
  $("choose").addEventListener("click", () => $("file").click());
  $("file").addEventListener("change", async () => {
    trouble("");
    await save_now();
    for (const file of $("file").files) {
      if (file.size > 5 * 1024 * 1024) { trouble(t("{name} is larger than 5 MB.", { name: file.name })); continue; }
      const content = await new Promise((done) => {
        const reader = new FileReader();
        reader.onload = () => done(reader.result.slice(reader.result.indexOf(",") + 1));
        reader.readAsDataURL(file);
      });
      const answer = await attempt(() => ask("attach", { name: file.name, content: file.size ? content : "" }), trouble);
      if (answer) files(answer.attachments);
    }
    $("file").value = "";
  });

  let picture = null;
  let boxes = [];
  $("capture").addEventListener("click", async () => {
    trouble("");
    await save_now();
    $("capture").disabled = true;
    const answer = await attempt(() => ask("capture"), trouble);
    $("capture").disabled = false;
    if (!answer) return;
    picture = answer;
    boxes = [];
    $("picture").src = "/picture/" + answer.picture;
    $("editor").hidden = false;
    draw();
    $("editor").scrollIntoView();
    $("add-box").focus();
  });
  const draw = (focused = -1) => {
    const scale = 100 / picture.width, down = 100 / picture.height;
    $("boxes").replaceChildren(...boxes.map((box, place) => {
      const [left, right] = [box[0], box[2]].sort((a, b) => a - b);
      const [top, bottom] = [box[1], box[3]].sort((a, b) => a - b);
      const one = make("button", { type: "button", className: "box",
        "aria-label": t("Black box {number}: {width} by {height}, {left} from the left, {top} from the top",
          { number: place + 1, width: right - left, height: bottom - top, left, top }) });
      Object.assign(one.style, { left: left * scale + "%", top: top * down + "%",
        width: (right - left) * scale + "%", height: (bottom - top) * down + "%" });
      one.addEventListener("keydown", (happened) => {
        const step = Math.ceil(picture.width / 64);
        const [x, y] = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[happened.key] || [0, 0];
        if (happened.key === "Delete") { boxes.splice(place, 1); draw(); $("add-box").focus(); return; }
        if (!x && !y) return;
        happened.preventDefault();
        boxes[place] = happened.shiftKey ? [left, top, right + x, bottom + y] : [left + x, top + y, right + x, bottom + y];
        draw(place);
      });
      return one;
    }));
    if (focused >= 0) $("boxes").children[focused].focus();
  };
  const point = (happened) => {
    const frame = $("stage").getBoundingClientRect();
    return [(happened.clientX - frame.left) / frame.width * picture.width, (happened.clientY - frame.top) / frame.height * picture.height]
      .map((value) => Math.round(value));
  };
  $("stage").addEventListener("pointerdown", (happened) => {
    if (happened.button || happened.target.className === "box") return;
    happened.preventDefault();
    boxes.push([...point(happened), ...point(happened)]);
    const move = (moved) => { boxes[boxes.length - 1].splice(2, 2, ...point(moved)); draw(); };
    const up = () => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", up);
      const [left, top, right, bottom] = boxes[boxes.length - 1];
      if (Math.abs(right - left) < 3 || Math.abs(bottom - top) < 3) { boxes.pop(); draw(); }
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", up);
  });
  $("add-box").addEventListener("click", () => {
    const [width, height] = [picture.width, picture.height];
    boxes.push([0.4 * width, 0.4 * height, 0.6 * width, 0.6 * height].map(Math.round));
    draw(boxes.length - 1);
  });
  $("undo-box").addEventListener("click", () => { boxes.pop(); draw(); });
  const close_editor = () => {
    $("editor").hidden = true;
    $("picture").removeAttribute("src");
    picture = null;
    $("capture").focus();
  };
  $("keep").addEventListener("click", async () => {
    const answer = await attempt(() => ask("keep", { picture: picture.picture, boxes }), trouble);
    if (answer) { files(answer.attachments); close_editor(); }
  });
  $("forget").addEventListener("click", async () => {
    await attempt(() => ask("forget", { picture: picture.picture }), trouble);
    close_editor();
  });

  // What the agent knows ----------------------------------------------------------------------
  const reach = () => {
    const desk = known.desk;
    if (!desk) return "";
    return [desk.phone && t("Telephone: {phone}", { phone: desk.phone }), desk.opening].filter(Boolean).join(", ");
  };
  const about_known = () => {
    $("known").hidden = !known.alerts.length || form.hidden;
    $("known-list").replaceChildren(...known.alerts.map((one) => make("li", {},
      make("span", { textContent: one.line }),
      draft.same_as === one.fingerprint
        ? make("strong", { textContent: t("Your report will join it") })
        : button(t("This is my problem too"), () => {
          draft = written();
          draft.same_as = one.fingerprint;
          if (!draft.title.trim()) $("title").value = draft.title = one.title.slice(0, 200);
          about_known();
          save_now();
          $("text").focus();
        }))));
  };
  const facts = async () => {
    const answer = await attempt(() => ask("facts"), (text) => { $("facts-list").textContent = $("sent-list").textContent = text; });
    if (!answer) return;
    const table = (choosable) => answer.groups.map((group) => make("table", { className: "facts" },
      make("caption", { textContent: group.title }),
      make("tbody", {}, ...group.items.map((item) => {
        const name = make("th", { scope: "row" });
        if (choosable) {
          const box = make("input", { type: "checkbox", checked: !draft.without.includes(item.key) });
          box.addEventListener("change", () => {
            draft.without = draft.without.filter((key) => key !== item.key).concat(box.checked ? [] : [item.key]);
            count();
          });
          name.append(make("label", {}, box, item.title));
        } else name.append(item.title);
        return make("tr", {}, name, make("td", { textContent: item.value }));
      }))));
    const count = () => {
      const all = answer.groups.flatMap((group) => group.items);
      $("facts-count").textContent = t("({sent} of {all})", { sent: all.filter((item) => !draft.without.includes(item.key)).length, all: all.length });
    };
    $("facts-list").replaceChildren(...table(true));
    $("sent-list").replaceChildren(...table(false));
    count();
  };
  const tried_words = () => ({ gateway: t("your network's router"), dns: t("names of the internet"), internet: t("the internet"), server: t("our desk") });
  const verdict_words = (verdict) => make("ul", {}, ...verdict.tried.map((one) => make("li", {
    textContent: `${tried_words()[one.what] || one.what}: ${one.ok ? t("can be reached") : t("cannot be reached")}${one.detail ? ` (${one.detail})` : ""}` })));
  const verdict = async () => {
    $("verdict").textContent = t("Looking where the trouble is…");
    const answer = await attempt(() => ask("verdict"), () => {});
    $("verdict").textContent = answer ? [answer.verdict.says, reach()].filter(Boolean).join(" ") : "";
  };
  $("check").addEventListener("click", async () => {
    $("check").disabled = true;
    $("check-result").textContent = t("Looking at this computer…");
    const answer = await attempt(() => ask("check"), (text) => { $("check-result").textContent = text; });
    $("check").disabled = false;
    if (!answer) return;
    const found = answer.checks.filter((one) => one.evaluation === "warning" || one.evaluation === "critical");
    $("check-result").replaceChildren(
      make("p", { textContent: answer.verdict.says }),
      make("p", { textContent: t("Checks made: {all}. Found something: {found}.", { all: answer.checks.length, found: found.length }) }),
      make("ul", {}, ...found.map((one) => make("li", { textContent: `${one.target} · ${one.summary || one.evaluation}` }))),
      verdict_words(answer.verdict));
    refresh();
  });

  const uuid7 = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    let now = Date.now();
    for (let place = 5; place >= 0; place--) { bytes[place] = now % 256; now = Math.floor(now / 256); }
    bytes[6] = bytes[6] & 15 | 112;
    bytes[8] = bytes[8] & 63 | 128;
    const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  };
  const saying = {};
  const say = async (ticket, verb, more, thanks) => {
    const key = ticket.number + verb + JSON.stringify(more);
    saying[key] = saying[key] || uuid7();
    if (await attempt(() => ask("say", { verb, id: saying[key], ticket: ticket.number, more }))) {
      notice(thanks);
      delete replies[ticket.number];
      refresh();
    }
  };
  const replies = {};
  const ticket_card = (one) => {
    const card = make("article", { className: "ticket", id: "ticket-" + (one.number || one.report) },
      make("h2", { textContent: one.number ? `${one.number} · ${one.title}` : one.title }),
      make("p", { textContent: [one.status, one.due && t("due {when}", { when: one.due }), one.created && t("reported {when}", { when: one.created })].filter(Boolean).join(" · ") }),
      one.problem ? make("p", { className: "problem", textContent: one.problem }) : "",
      one.entries.length ? make("ul", { className: "entries" }, ...one.entries.map((entry) => make("li", {},
        make("div", { className: "by", textContent: [entry.by, entry.when].filter(Boolean).join(" · ") }), entry.text))) : "");
    if (!one.number) return card;
    if (one.asks === "confirm") card.append(make("p", { className: "buttons" }, make("strong", { textContent: t("Is it fixed?") }),
      button(t("Yes, it is fixed"), () => say(one, "confirm", { fixed: true, text: "" }, t("Thank you.")), { className: "main" }),
      button(t("No, not yet"), () => say(one, "confirm", { fixed: false, text: replies[one.number] || "" }, t("The desk is told that it is not fixed.")))));
    if (one.asks === "rate") card.append(make("p", { className: "buttons" }, make("strong", { textContent: t("How was it?") }),
      ...[1, 2, 3, 4, 5].map((stars) => button("★".repeat(stars), () => say(one, "rate", { stars, text: "" }, t("Thank you.")),
        { "aria-label": t("{stars} of 5 stars", { stars }) }))));
    const id = "reply-" + one.number;
    const text = make("textarea", { id, rows: 2, value: replies[one.number] || "" });
    text.addEventListener("input", () => { replies[one.number] = text.value; });
    card.append(make("div", { className: "field" }, make("label", { htmlFor: id, textContent: t("Write to the desk") }), text),
      make("p", { className: "buttons" }, button(t("Send this"), () => {
        if (text.value.trim()) say(one, "reply", { text: text.value }, t("Saved. It will be sent."));
        else text.focus();
      }, { "aria-label": t("Send this to ticket {number}", { number: one.number }) }),
      button(t("Ask for an escalation"), () => {
        if (text.value.trim()) say(one, "reply", { text: text.value, escalate: true }, t("Saved. It will be sent."));
        else text.focus();
      }, { "aria-label": t("Ask for an escalation of ticket {number}", { number: one.number }) })));
    return card;
  };
  const tickets = () => {
    if (document.activeElement && document.activeElement.closest("#ticket-list textarea")) return;
    const waiting = known.waiting.map((one) => make("article", { className: "ticket" },
      make("h2", { textContent: one.title }),
      make("p", { className: one.problem ? "problem" : "", textContent: one.problem || t("Kept here until the agent on this computer answers.") }),
      one.problem ? button(t("Change it and send it again"), async () => {
        const answer = await attempt(() => ask("reopen", { report: one.id }));
        if (answer) { location.hash = "#/report"; afresh(answer.draft); }
      }) : ""));
    const cards = [...waiting, ...known.tickets.map(ticket_card)];
    $("ticket-list").replaceChildren(...(cards.length ? cards : [make("p", { textContent: t("You have reported nothing yet.") })]));
  };
  const help = () => {
    const desk = known.desk;
    $("help-list").replaceChildren(...(desk ? [
      make("p", {}, make("strong", { textContent: desk.provider })),
      desk.phone ? make("p", {}, t("Telephone: "), make("a", { href: "tel:" + desk.phone.replace(/[^+\d]/g, ""), textContent: desk.phone })) : "",
      desk.email ? make("p", {}, t("E-mail: "), make("a", { href: "mailto:" + desk.email, textContent: desk.email })) : "",
      desk.opening ? make("p", { textContent: desk.opening }) : "",
      desk.urgent && !(desk.opening || "").includes(desk.urgent) ? make("p", { textContent: t("Urgent: {what}", { what: desk.urgent }) }) : "",
    ].filter(Boolean) : [make("p", { textContent: t("The desk's addresses come with the first connection to it.") })]));
  };
  const refresh = async () => {
    const answer = await attempt(() => ask("known"), () => {});
    if (!answer) return;
    known = { ...answer, desk: answer.desk || known.desk };
    if (known.questions) { questions = known.questions; if (!$("questions").children.length) ask_about($("kind").value); }
    if (known.desk && known.desk.provider) $("provider").textContent = known.desk.provider;
    if (known.desk && known.desk.shared) $("contact").open = true;
    $("device").textContent = known.device ? `· ${known.device}` : "";
    if (known.problem !== told_problem) notice(known.problem || "");
    told_problem = known.problem;
    about_known();
    tickets();
    help();
    $("computer-alerts").replaceChildren(...known.alerts.map((one) => make("li", { textContent: one.line })));
    if (!known.alerts.length && !known.problem) $("computer-alerts").replaceChildren(make("li", { textContent: t("Nothing is known to be wrong.") }));
    if (sent) {
      const ticket = known.tickets.find((one) => one.report === sent.id);
      $("done-title").textContent = ticket && ticket.number ? t("The desk has it.") : t("Saved. It will be sent.");
      if (ticket && ticket.number) $("done-text").textContent = [t("It is ticket {number}.", { number: ticket.number }), ticket.due && t("An answer is due {when}.", { when: ticket.due })].filter(Boolean).join(" ");
      $("done-help").textContent = reach();
    }
  };

  // Views -------------------------------------------------------------------------------------
  const titles = { report: t("Report a problem"), tickets: t("My tickets"), computer: t("This computer"), help: t("Help") };
  // The addresses of views are no ids of elements: going to one must not take the focus away.
  const view = () => {
    const [, name, about] = location.hash.match(/^#\/(\w+)(?:\/(.*))?$/) || [, "report", ""];
    const chosen = name in titles ? name : "report";
    for (const one of Object.keys(titles)) $(one).hidden = one !== chosen;
    for (const link of document.querySelectorAll("nav a")) {
      if (link.dataset.view === chosen) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    document.title = `${titles[chosen]} · watchdesk`;
    const card = chosen === "tickets" && about && $("ticket-" + about);
    if (card) card.scrollIntoView();
    if (about === "check") $("check").click();
    if (about === "sent") $("sent-title").scrollIntoView();
    if (chosen === "report" && about) {
      const alert = known.alerts.find((one) => one.fingerprint === decodeURIComponent(about));
      if (alert) { draft.same_as = alert.fingerprint; if (!$("title").value) $("title").value = alert.title.slice(0, 200); about_known(); save_now(); }
    }
  };
  addEventListener("hashchange", view);

  const changes = new EventSource("/changes");
  changes.addEventListener("known", refresh);
  let passed = 0;
  setInterval(() => {
    passed += 3;
    const expected = sent && !known.tickets.some((one) => one.report === sent.id && one.number);
    if (expected || passed % 30 === 0) refresh();
  }, 3000);
  changes.addEventListener("view", (happened) => { location.hash = "#/" + JSON.parse(happened.data); });

  show(draft);
  if (told.state.view) location.hash = "#/" + told.state.view;
  view();
  if (!$("report").hidden) $("title").focus();
  refresh().then(view).then(verdict);
  facts();
})();
