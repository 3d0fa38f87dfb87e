/** Numbers as the person's language writes them. */

export interface Numbers {
  count(value: number): string;
  /** Of a share, 0 to 1. */
  percent(share: number): string;
  /** With one digit after the point at most. */
  decimal(value: number): string;
}

export function numbersIn(languages: readonly string[]): Numbers {
  const count = format(languages, { maximumFractionDigits: 0 });
  const percent = format(languages, { style: "percent", maximumFractionDigits: 0 });
  const decimal = format(languages, { maximumFractionDigits: 1 });
  return {
    count: (value) => count.format(value),
    percent: (share) => percent.format(share),
    decimal: (value) => decimal.format(value),
  };
}

function format(languages: readonly string[], options: Intl.NumberFormatOptions): Intl.NumberFormat {
  try {
    return new Intl.NumberFormat([...languages], options);
  } catch {
    // Some browsers name a language (`en-US@posix`) that Intl refuses.
    return new Intl.NumberFormat(undefined, options);
  }
}

export const numbers = numbersIn(globalThis.navigator?.languages ?? []);
