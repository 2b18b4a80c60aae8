// A fake RapidPro for end-to-end tests of CHT Core: started as a process, driven over its control API.
// Plain Node.js 18 or newer; no dependencies. Needs a Python in which cht-rapidpro-harness is installed.

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { createInterface } = require('node:readline');

const RAPIDPRO_TOKEN = 'RAPIDPRO-TEST-TOKEN-0000000000000000000000'; // of the built-in seed; opens nothing else

// Starts `python -m fakes SERVICES`, which ends with this process. `bind` is where CHT reaches it: 127.0.0.1, or an
// address of this machine if CHT runs in a container. Resolves when it answers.
const start = async ({ services = 'rapidpro', bind = '127.0.0.1', python = process.env.PYTHON || 'python3' } = {}) => {
  const command = ['-m', 'fakes', services, '--bind', bind, '--stop-with-stdin'];
  const child = spawn(python, command, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.on('error', error => console.error(`${python} cannot be started: ${error.message}`));
  const lines = createInterface({ input: child.stdout });
  const [line] = await Promise.race([once(lines, 'line'), once(child, 'close').then(() => [null])]);
  if (!line) {
    throw new Error(`${python} ${command.join(' ')} did not start: is cht-rapidpro-harness installed there?`);
  }
  return new Harness(child, JSON.parse(line));
};

class Harness {
  constructor(child, addresses) {
    this.child = child;
    this.url = addresses.rapidpro; // for CHT's setting sms.rapidpro.url
    this.cht = addresses.cht; // the fake CHT, if it was asked for
    this.control = addresses.control; // on loopback, whatever `bind` is
  }

  async call(method, path, body) {
    const headers = body === undefined ? {} : { 'Content-Type': 'application/json' };
    const response = await fetch(this.control + path, { method, headers, body: JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) {
      throw new Error(`${method} ${path}: ${response.status} ${text}`);
    }
    return text ? JSON.parse(text) : undefined;
  }

  // State, faults and ledger as at the start.
  reset() {
    return this.call('POST', '/reset', {});
  }

  // Where the flow of this RapidPro finds CHT, and the credential rapidpro:incoming there.
  deliverTo(chtUrl, token) {
    return this.call('PUT', '/rapidpro/webhook', { url: `${chtUrl}/api/v2/sms/rapidpro/incoming-messages`, token });
  }

  // Delays, failures and the aggregator: see docs/by-hand.md, "The channel".
  channel(settings) {
    return this.call('PUT', '/rapidpro/channel', settings);
  }

  // A preset such as 'lost-reply' with changed fields, or a fault of your own: see docs/faults.md.
  fault(preset, fields = {}) {
    return this.call('POST', '/faults', typeof preset === 'string' ? { preset, ...fields } : preset);
  }

  // A person's phone: send a text, or list those that it sent and received.
  phone(number) {
    const path = `/rapidpro/phones/${encodeURIComponent(number)}/texts`;
    return {
      sends: text => this.call('POST', path, { text }),
      received: async () => (await this.call('GET', path)).texts
        .filter(({ direction }) => direction === 'received')
        .map(({ text }) => text),
    };
  }

  // What CHT asked, in order, with the answers: method, path, query, request, reply, fault.
  async requests(method, path) {
    const exchanges = [];
    for (let next = { last: 0, more: true }; next.more;) {
      next = await this.call('GET', `/ledger?after=${next.last}&service=rapidpro`);
      exchanges.push(...next.exchanges);
    }
    return exchanges.filter(one => one.direction === 'in' && one.method === method && one.path === path);
  }

  async stop() {
    const closed = this.child.exitCode === null ? once(this.child, 'close') : Promise.resolve();
    this.child.stdin.end();
    await closed;
  }
}

// Waits until `look` returns something true, and returns that.
const until = async (what, look, seconds = 20) => {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found) {
      return found;
    }
    if (Date.now() > end) {
      throw new Error(`not within ${seconds} seconds: ${what}`);
    }
    await new Promise(resolve => setTimeout(resolve, 100));
  }
};

module.exports = { RAPIDPRO_TOKEN, start, until };
