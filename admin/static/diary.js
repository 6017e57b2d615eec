/* What Piccolo Admin leaves in English or cannot do: a Russian word for each fixed phrase, the staff member's own time,
   nothing to press on read-only tables, and help for filling in forms. The panel works without any of it. */
"use strict";

(() => {
  const PHRASES = new Map(Object.entries({
    "Null": "Не указано", "NULL": "—", "All": "Все", "True": "Да", "False": "Нет",
    "Add sort column": "Добавить столбец сортировки", "Columns": "Столбцы", "Toggle all": "Отметить все",
    "Include readable": "С названиями", "Bulk Update": "Изменить выбранные", "Set null:": "Сделать пустым:",
    "Equals": "Равно", "Not Equal": "Не равно", "Greater Than": "Больше", "Greater Than or Equal To": "Не меньше",
    "Less Than": "Меньше", "Less Than or Equal To": "Не больше", "File:": "Файл:", "Piccolo": "", "NULL ": "—",
    "Contains": "Содержит", "Equal": "Равно", "Is Null": "Не указано", "Is Not Null": "Указано", "Exact": "Точно",
    "Starts with": "Начинается с", "Ends with": "Кончается на", "Starts": "Начинается с", "Ends": "Кончается на",
    "Problem logging in": "Не удалось войти.", "The form has errors.": "Не сохранено: причина указана в форме.", "Error": "Ошибка",
    "Successfully added row": "Запись добавлена", "Successfully saved row": "Сохранено",
    "Successfully deleted row": "Запись удалена", "Successfully deleted rows": "Записи удалены",
    "Successfully updated rows": "Записи изменены", "Successfully applied filter": "Отбор применён",
    "Successfully cleared filters": "Отбор снят", "Successfully submitted form": "Выполнено",
    "Unable to delete the row.": "Удалить не удалось.", "Invalid column name or value": "Изменить не удалось.",
    "The request failed.": "Запрос не выполнен.", "The file is too large.": "Файл слишком большой: до 10 МБ.",
    "An error happened on the server.": "Ошибка на сервере.", "Uploading file": "Файл загружается",
    "Loading ...": "Загрузка…", "Unable to preview file - download below.": "Просмотр невозможен, скачайте файл.",
    "Search": "Поиск", "Load more": "Ещё", "Clear": "Очистить", "Select": "Выбрать", "Unknown": "",
    "Downloaded file": "Файл скачан", "Please select at least one column.": "Выберите хотя бы один столбец.",
    "Are you sure you want to logout?": "Выйти из панели?",
    "Are you sure you want to delete this row?": "Удалить эту запись?",
    "Are you sure you want to delete the selected rows?": "Удалить выбранные записи?",
    "Edit Row": "Изменить", "Delete Row": "Удалить", "Delete selected Rows": "Удалить выбранные",
    "Show password": "Показать пароль", "Hide password": "Скрыть пароль", "Download": "Скачать",
    "Hide tables": "Свернуть", "Show tables": "Развернуть", "Hide forms": "Свернуть", "Show forms": "Развернуть",
    "Click for more info": "Подробнее", "None": "Не указано",
  }));
  const LAST_REASON = new Set(["Problem logging in", "Unable to delete the row.", "Invalid column name or value"]);
  const PATTERNS = [
    [/^of (\d+)$/, "из $1"],
    [/^(\d+) per page$/i, "По $1"],
    [/^Database error: /, ""],
    [/^Error - /, ""],
    [/^Are you sure you want to delete row .*\?$/, "Удалить эту запись?"],
    [/^Unable to delete row \S+ \((.*)\)$/, "$1"],
    [/^Problem fetching (.*) rows\.$/, "Не удалось получить записи."],
    [/^Changed password successfully\.[^]*$/, "Пароль изменён. Войдите с новым паролем."],
    [/^There are more than (\d+), are you sure you want to continue\?$/, "Записей больше $1. Продолжить?"],
  ];
  const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;
  const DAY = /^(\d{4})-(\d\d)-(\d\d)$/;

  let reason = "";
  let titles = {};

  function russian(text) {
    const bare = text.trim();
    if (!bare) return text;
    if (reason && LAST_REASON.has(bare)) return reason;
    if (PHRASES.has(bare)) return text.replace(bare, PHRASES.get(bare));
    for (const [pattern, said] of PATTERNS) if (pattern.test(bare)) return bare.replace(pattern, said);
    return text;
  }

  function readable(text) {
    const bare = text.trim();
    if (INSTANT.test(bare)) {
      return new Date(bare).toLocaleString("ru-RU", {
        dateStyle: "short", timeStyle: "short", timeZone: localStorage.getItem("defaultTimezone") || undefined,
      });
    }
    return DAY.test(bare) ? bare.replace(DAY, "$3.$2.$1") : text;
  }

  function headline(text) {
    const act = /^(Добавить|Изменить) (?=[А-ЯЁ])/;
    return text.replace(act, document.documentElement.hasAttribute("data-read-only") ? "" : "$1: ");
  }

  function reword(node) {
    if (node.nodeType === Node.TEXT_NODE) {
      const parent = node.parentElement;
      if (!parent || /^(SCRIPT|STYLE|TEXTAREA|PRE)$/.test(parent.tagName)) return;
      let said = russian(node.data);
      const named = parent.tagName === "LABEL" && /^csv_(.*)$/.exec(parent.htmlFor);
      if (named) said = titles[named[1]] || said;
      if (parent.tagName === "H1") said = headline(said);
      if (parent.closest("td")) said = readable(said);
      if (said !== node.data) node.data = said;
      return;
    }
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    for (const name of ["placeholder", "title", "label"]) {
      const value = node.getAttribute(name);
      if (value && russian(value) !== value) node.setAttribute(name, russian(value));
    }
    node.childNodes.forEach(reword);
  }

  // The panel's time zone is UTC until somebody finds its setting: begin with the reader's own.
  try {
    if (!localStorage.getItem("defaultTimezone")) {
      localStorage.setItem("defaultTimezone", Intl.DateTimeFormat().resolvedOptions().timeZone);
    }
    if (localStorage.getItem("darkMode") === null && matchMedia("(prefers-color-scheme: dark)").matches) {
      localStorage.setItem("darkMode", "true");
    }
  } catch { /* a browser that keeps nothing still shows everything */ }

  for (const name of ["confirm", "alert"]) {
    const stock = window[name].bind(window);
    window[name] = (text) => stock(russian(String(text)));
  }

  // The reason of the last refusal: the panel shows it for some requests and a fixed phrase for others.
  const send = XMLHttpRequest.prototype.send;
  XMLHttpRequest.prototype.send = function (...args) {
    this.addEventListener("load", () => {
      if (this.status === 200 && /\/tables\/[^/]+\/schema\/$/.test(this.responseURL)) {
        const { properties } = JSON.parse(this.responseText);
        titles = Object.fromEntries(Object.entries(properties).map(([name, { title }]) => [name, title]));
      }
      if (this.status < 400 || this.responseType === "blob") return;
      const text = this.responseText;
      try { reason = JSON.parse(text).detail || ""; } catch { reason = text.length < 500 ? text : ""; }
      if (typeof reason !== "string") reason = "";
    });
    return send.apply(this, args);
  };

  function headed(csv) {
    const [first, ...rest] = csv.split("\n");
    const names = first.split(/([,;])/).map((name) => {
      const readable = name.endsWith("_readable");
      const title = titles[readable ? name.slice(0, -"_readable".length) : name];
      return title ? (readable ? `${title} (название)` : title) : name;
    });
    return [names.join(""), ...rest].join("\n");
  }

  // A cell that a spreadsheet would run as a formula stays text, and Excel reads Cyrillic by the mark at the start.
  const StockBlob = window.Blob;
  window.Blob = function (parts = [], options = {}) {
    if (String(options.type).startsWith("text/csv")) {
      parts = ["\ufeff", ...parts.map((part) => headed(String(part)).replace(/(^|[,;\n])"(?=[=+\-@\t\r])/g, "$1\"'"))];
    }
    return new StockBlob(parts, options);
  };
  window.Blob.prototype = StockBlob.prototype;

  // Forms: choices become lists, people and classes are suggested while one types, a scan is chosen as a file.
  function formSlug() {
    const found = /#\/forms\/([\w-]+)\//.exec(location.hash);
    return found && found[1];
  }

  function put(input, value) {
    input.value = value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function offer(input, offered) {
    const list = document.createElement("select");
    list.setAttribute("aria-label", input.dataset.title || "");
    for (const { value, title } of offered) list.add(new Option(title, value, false, value === input.value));
    list.addEventListener("change", () => put(input, list.value));
    input.hidden = true;
    input.after(list);
    if (!input.value) put(input, list.value);
  }

  let lists = 0;
  function suggest(input, what, form) {
    const options = document.createElement("datalist");
    options.id = `suggested-${++lists}`;
    input.setAttribute("list", options.id);
    input.setAttribute("autocomplete", "off");
    input.after(options);
    let timer;
    const ask = async () => {
      const query = new URLSearchParams({ search: input.value });
      const pupil = form.querySelector("input[name=pupil]");
      if (pupil && pupil !== input) query.set("pupil", pupil.value);
      if (what === "guardians") query.delete("search");
      const answer = await fetch(`./api/suggest/${what}/?${query}`);
      if (!answer.ok) return;
      options.replaceChildren(...(await answer.json()).map((text) => new Option(text, text)));
    };
    input.addEventListener("focus", ask);
    input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 200); });
    if (input.value || document.activeElement === input) ask();
  }

  function chooseScan(input) {
    const file = document.createElement("input");
    file.type = "file";
    file.accept = ".pdf,.jpg,.jpeg,.png";
    const said = document.createElement("small");
    file.addEventListener("change", async () => {
      if (!file.files[0]) return;
      said.textContent = "Файл загружается…";
      const body = new FormData();
      body.append("column_name", "scan");
      body.append("file", file.files[0]);
      const token = (/(?:^|; )csrftoken=([^;]*)/.exec(document.cookie) || [])[1] || "";
      const answer = await fetch("./api/media/", { method: "POST", body, headers: { "X-CSRFToken": token } });
      const told = await answer.json().catch(() => ({}));
      put(input, answer.ok ? told.file_key : "");
      said.textContent = answer.ok ? "Файл приложен." : told.detail || "Файл не принят.";
      if (!answer.ok) file.value = "";
    });
    input.hidden = true;
    input.after(file, said);
  }

  function chooseSignature(input) {
    const file = document.createElement("input");
    file.type = "file";
    file.accept = ".sig,.p7s,.sgn,.p7m,.pem,.txt";
    file.setAttribute("aria-label", input.dataset.title || "");
    const said = document.createElement("small");
    file.addEventListener("change", async () => {
      const chosen = file.files[0];
      put(input, "");
      said.textContent = "";
      if (!chosen) return;
      if (!chosen.size || chosen.size > 32 * 1024) {
        said.textContent = "Файл пуст или больше 32 КБ.";
        file.value = "";
        return;
      }
      const bytes = new Uint8Array(await chosen.arrayBuffer());
      put(input, btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")));
      said.textContent = "Файл приложен.";
    });
    input.hidden = true;
    input.after(file, said);
  }

  function widen(input) {
    const area = document.createElement("textarea");
    area.rows = 10;
    area.value = input.value;
    area.name = input.name;
    input.removeAttribute("name");
    input.hidden = true;
    input.after(area);
  }

  // A form's fields come and go as the panel renders them: whatever has not been helped yet is helped now.
  const described = new Map();
  async function help(form, slug) {
    const fresh = (input) => input.dataset.helped !== `${slug}/${input.name}`;
    if (![...form.querySelectorAll("[name]")].some(fresh)) return;
    if (!described.has(slug)) {
      described.set(slug, fetch(`./api/forms/${slug}/schema/`).then((answer) => (answer.ok ? answer.json() : null)));
    }
    const schema = await described.get(slug);
    if (!schema) described.delete(slug);
    if (!schema || formSlug() !== slug) return;
    for (const input of form.querySelectorAll("[name]")) {
      const field = schema.properties[input.name];
      if (!field || !fresh(input)) continue;
      input.dataset.helped = `${slug}/${input.name}`;
      input.dataset.title = field.title;
      input.setAttribute("aria-label", field.title);
      if (field.offered) offer(input, field.offered);
      else if (field.suggest) suggest(input, field.suggest, form);
      else if (field.widget === "scan") chooseScan(input);
      else if (field.widget === "signature") chooseSignature(input);
      else if (field.widget === "textarea" && input.tagName !== "TEXTAREA") widen(input);
    }
  }

  function look() {
    const read = (document.documentElement.dataset.readOnlyTables || "").split(" ");
    const table = decodeURIComponent((/^#\/([^/?]+)/.exec(location.hash) || [])[1] || "");
    document.documentElement.toggleAttribute("data-read-only", read.includes(table));
    const slug = formSlug();
    const form = slug && document.querySelector("#app form");
    if (form) help(form, slug);
  }

  new MutationObserver((changes) => {
    look(); // first: whether a table is only read decides how its headline reads
    for (const change of changes) {
      if (change.type === "characterData") reword(change.target);
      else change.addedNodes.forEach(reword);
    }
  }).observe(document, { childList: true, characterData: true, subtree: true });
  addEventListener("hashchange", () => {
    look();
    document.querySelector("#message_popup a")?.click();
  });
})();
