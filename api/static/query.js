"use strict";

const part = (id) => document.getElementById(id);
let token = null;
let socket = null;

const show = (value) => {
  part("answer").textContent = typeof value === "string" ? value : JSON.stringify(value, null, 2);
};

const log = (line) => {
  part("answer").textContent = `${new Date().toLocaleTimeString()} ${line}\n${part("answer").textContent}`;
};

async function post(query, variables) {
  const headers = { "Content-Type": "application/json", "X-Diary-Client": "query-page" };
  if (token) headers.Authorization = `Bearer ${token}`;
  const response = await fetch("/graphql", { method: "POST", headers, body: JSON.stringify({ query, variables }) });
  return response.json();
}

function stop() {
  if (socket) socket.close(1000);
}

function follow(query, variables) {
  stop();
  show("");
  const opened = new WebSocket(`${location.origin.replace(/^http/, "ws")}/graphql`, "graphql-transport-ws");
  socket = opened;
  part("stop").hidden = false;
  const send = (message) => opened.send(JSON.stringify(message));
  opened.onopen = () =>
    send({ type: "connection_init", payload: token ? { authorization: `Bearer ${token}` } : {} });
  opened.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.type === "connection_ack") {
      log("подписка открыта, ждём событий");
      send({ type: "subscribe", id: "1", payload: { query, variables } });
    } else if (message.type === "ping") {
      send({ type: "pong" });
    } else if (message.type === "complete") {
      log("подписка закончилась");
      opened.close(1000);
    } else if (message.payload) {
      log(JSON.stringify(message.payload, null, 2));
    }
  };
  opened.onclose = ({ code, reason }) => {
    log(`соединение закрыто: ${code} ${reason}`);
    if (socket === opened) {
      socket = null;
      part("stop").hidden = true;
    }
  };
}

part("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const answer = await post(
    "mutation ($login: String!, $password: String!) { signIn(login: $login, password: $password) { token viewer { fullName role } } }",
    { login: form.login.value, password: form.password.value },
  );
  if (answer.data) {
    token = answer.data.signIn.token;
    const { fullName, role } = answer.data.signIn.viewer;
    part("who").textContent = `${fullName}, ${role}`;
    form.password.value = "";
  } else {
    part("who").textContent = answer.errors[0].message;
  }
});

async function run() {
  const query = part("document").value;
  let variables;
  try {
    variables = JSON.parse(part("variables").value || "{}");
  } catch (problem) {
    show(`Переменные: ${problem.message}`);
    return;
  }
  if (/^\s*subscription\b/m.test(query.replace(/#.*$/gm, ""))) {
    follow(query, variables);
    return;
  }
  try {
    show(await post(query, variables));
  } catch (problem) {
    show(`Ответа нет: ${problem.message}`);
  }
}

part("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  run();
});
part("stop").addEventListener("click", stop);
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) run();
});
