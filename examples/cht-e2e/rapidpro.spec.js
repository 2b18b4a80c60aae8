// CHT Core's own RapidPro gateway against the fake RapidPro. Run: node --test rapidpro.spec.js
//
// With CHT_URL, CHT_USER and CHT_PASSWORD, the CHT there is tested: one for tests, with the database `medic-test`, as then
// it sends and polls every second. Without CHT_URL, the fake CHT plays its part.

const assert = require('node:assert/strict');
const { after, before, beforeEach, describe, it } = require('node:test');
const { RAPIDPRO_TOKEN, start, until } = require('./harness');

const DATABASE = process.env.CHT_DATABASE || (process.env.CHT_URL ? 'medic-test' : 'medic');
const INCOMING_TOKEN = 'token-of-the-flow';
const BROADCASTS = '/api/v2/broadcasts.json';
const MESSAGES = '/api/v2/messages.json';

describe('RapidPro SMS gateway', () => {
  let harness;
  let cht;
  let number = 0;

  const request = async (method, path, body, type = 'application/json') => {
    const { CHT_USER = 'admin', CHT_PASSWORD = 'pass' } = process.env;
    const headers = {
      Authorization: `Basic ${Buffer.from(`${CHT_USER}:${CHT_PASSWORD}`).toString('base64')}`,
      Accept: 'application/json',
      ...(body === undefined ? {} : { 'Content-Type': type }),
    };
    const sent = type === 'text/plain' ? body : JSON.stringify(body);
    const response = await fetch(cht + path, { method, headers, body: sent });
    assert.ok(response.ok, `${method} ${path}: ${response.status}`);
    return response.json();
  };

  const hasToSend = async texts => {
    const id = `message-${Date.now()}-${number++}`;
    const tasks = texts.map(([to, message], index) => ({
      messages: [{ to, message, uuid: `${id}-${index}` }],
      state: 'pending',
      state_history: [{ state: 'pending', timestamp: new Date().toISOString() }],
    }));
    const doc = { _id: id, type: 'data_record', kujua_message: true, form: null, reported_date: Date.now(), tasks };
    await request('PUT', `/${DATABASE}/${id}`, doc);
    return id;
  };

  const states = async id => (await request('GET', `/${DATABASE}/${id}`)).tasks.map(({ state }) => state);

  before(async () => {
    harness = await start({ services: process.env.CHT_URL ? 'rapidpro' : 'both', bind: process.env.HARNESS_BIND });
    cht = process.env.CHT_URL || harness.cht;
  });

  after(() => harness.stop());

  beforeEach(async () => {
    await harness.reset();
    await harness.channel({ delays: { wired: 0.1, sent: 0.1, delivered: 0.1 } });
    await harness.deliverTo(cht, INCOMING_TOKEN);
    if (cht === harness.cht) {
      await harness.call('PUT', '/cht/timers', { sending_every: 1 });
    }
    await request('PUT', '/api/v1/settings', { sms: { outgoing_service: 'rapidpro', rapidpro: { url: harness.url } } });
    await request('PUT', '/api/v1/credentials/rapidpro:outgoing', RAPIDPRO_TOKEN, 'text/plain');
    await request('PUT', '/api/v1/credentials/rapidpro:incoming', INCOMING_TOKEN, 'text/plain');
  });

  it('sends each text once and learns that it was delivered', async () => {
    const id = await hasToSend([['+250788123001', 'Come on Monday'], ['+250788123002', 'Come on Tuesday']]);
    await until('both are delivered', async () => (await states(id)).every(state => state === 'delivered'));
    assert.deepEqual(await harness.phone('+250788123001').received(), ['Come on Monday']);
    assert.deepEqual(await harness.phone('+250788123002').received(), ['Come on Tuesday']);
    const sent = await harness.requests('POST', BROADCASTS);
    assert.deepEqual(sent.map(one => JSON.parse(one.request.body).urns), [['tel:+250788123001'], ['tel:+250788123002']]);
    assert.ok((await harness.requests('GET', MESSAGES)).every(one => one.query.startsWith('broadcast=')));
  });

  it('does not send again when the answer lacks a status', async () => {
    await harness.fault('missing-status');
    const id = await hasToSend([['+250788123003', 'Come on Monday']]);
    await until('it is delivered', async () => (await states(id))[0] === 'delivered');
    assert.deepEqual(await harness.phone('+250788123003').received(), ['Come on Monday']);
    const [answered, ...others] = await harness.requests('POST', BROADCASTS);
    assert.equal(JSON.parse(answered.reply.body).status, undefined);
    assert.deepEqual(others, []);
  });

  it('sends later what was throttled', async () => {
    await harness.fault('throttled');
    const id = await hasToSend([['+250788123004', 'Come on Monday']]);
    await until('it is delivered', async () => (await states(id))[0] === 'delivered', 60);
    const answers = (await harness.requests('POST', BROADCASTS)).map(one => one.reply.status);
    assert.equal(answers[0], 429);
    assert.equal(answers.at(-1), 201);
    assert.deepEqual(await harness.phone('+250788123004').received(), ['Come on Monday']);
  });

  it('fails a text to a bad number', async () => {
    const id = await hasToSend([['+25', 'Come on Monday']]);
    await until('it has failed', async () => (await states(id))[0] === 'failed');
  });

  it('stores a text from a phone, and RapidPro learns that it did', async () => {
    const sent = await harness.phone('+250788123005').sends('I have a fever');
    assert.equal(sent.webhook.status, 200);
    const { rows } = await request('GET', `/${DATABASE}/_all_docs?include_docs=true`);
    const reports = rows.map(row => row.doc).filter(doc => doc?.sms_message?.message === 'I have a fever');
    assert.equal(reports.length, 1);
    assert.equal(reports[0].from, '+250788123005');
  });
});
