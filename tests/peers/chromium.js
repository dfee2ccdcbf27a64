// What scripts of the tests may call in a page. They are run in it as if its own script had them.
"use strict";

// Open a socket, send messages, and hear what comes until an answer is done or the server closes.
const talk = (address, ...messages) => new Promise((resolve) => {
  const heard = [];
  let opened = false;
  const socket = new WebSocket(address);
  socket.onopen = () => {
    opened = true;
    for (const message of messages) socket.send(JSON.stringify(message));
  };
  socket.onmessage = ({ data }) => {
    heard.push(JSON.parse(data));
    if (heard.at(-1).type === "done") socket.close(1000);
  };
  socket.onclose = ({ code }) => resolve({ opened, heard, code });
});

// Ask, and tell what a page gets to know of the answer.
const ask = async (address, options = {}) => {
  try {
    const answer = await fetch(address, options);
    const number = answer.headers.get("x-request-id");
    return { status: answer.status, type: answer.type, number, text: await answer.text() };
  } catch (error) {
    return { failed: error.name };
  }
};

const post = (body, headers = {}) => ({
  method: "POST",
  headers: { "Content-Type": "application/json", ...headers },
  body: JSON.stringify(body),
});

const bearer = (token) => ({ Authorization: `Bearer ${token}` });

// Read a stream as it comes, until a word is in it; what follows can be read, or the stream left, by the next script.
class Stream {
  constructor(address, options) {
    this.stop = new AbortController();
    this.begin = fetch(address, { ...options, signal: this.stop.signal });
    this.text = "";
  }

  async until(word) {
    const answer = await this.begin;
    this.status = answer.status;
    this.reader ??= answer.body.pipeThrough(new TextDecoderStream()).getReader();
    while (!this.text.includes(word)) {
      const { done, value } = await this.reader.read();
      if (done) throw new Error(`“${word}” has not come, but: ${this.text}`);
      this.text += value;
    }
    return this.text;
  }

  async rest() {
    for (;;) {
      const { done, value } = await this.reader.read();
      if (done) return this.text;
      this.text += value;
    }
  }
}
