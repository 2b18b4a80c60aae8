// Which presets are on: a planned fault does not say from which preset it is, so all its fields are compared.
const byName = (options) => Object.fromEntries(options.map((one) => [one.name, one.default]));

// The presets of GET /presets; with GET /effects, their faults say all that the plan will say of them.
export function completed({presets}, {effects, fields}) {
  const known = new Map(effects.map((one) => [one.name, one])), defaults = byName(fields);
  const complete = (fault) => {
    const effect = known.get(fault.effect);
    const times = fault.times === undefined ? (effect.lasting ? null : defaults.times) : fault.times;
    return {...defaults, ...fault, times, with: {...byName(effect.options), ...fault.with}, match: fault.match ?? {}};
  };
  return presets.map((preset) => ({...preset, faults: preset.faults.map(complete)}));
}

export const hasChannel = (preset) => Object.keys(preset.channel).length > 0;

export function isPlanned(preset, faults, channel) {
  if (hasChannel(preset)) return includes(channel, preset.channel);
  return preset.faults.length > 0 && preset.faults.every((wanted) => faults.some((fault) => isOf(fault, wanted)));
}

// The planned faults that are of this preset and not used up.
export const faultsOf = (preset, faults) => faults.filter((fault) => preset.faults.some((wanted) => isOf(fault, wanted)));

const isOf = (fault, wanted) => fault.remaining !== 0 && Object.keys(wanted).every((name) => equal(fault[name], wanted[name]));

// A token is shown masked.
function equal(one, other) {
  if (one === null || other === null || typeof one !== "object" || typeof other !== "object") return one === other;
  return Object.keys({...one, ...other}).every((name) => name === "token" ? name in one && name in other : equal(one[name], other[name]));
}

function includes(settings, part) {
  return Object.entries(part).every(([name, value]) =>
    value !== null && typeof value === "object" ? includes(settings[name] ?? {}, value) : settings[name] === value);
}

// Settings without the trouble: no share of the messages, nothing down.
export function neutral(settings) {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) =>
    [name, typeof value === "object" ? neutral(value) : typeof value === "boolean" ? !value : 0]));
}
