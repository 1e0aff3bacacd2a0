// A CSS variable on an element. lit's styleMap writes a style attribute, which our CSP refuses.

import { noChange } from "lit";
import { Directive, type ElementPart, directive } from "lit/directive.js";

class Variable extends Directive {
  render(_name: string, _value: string): unknown {
    return noChange;
  }

  override update(part: ElementPart, [name, value]: [string, string]): unknown {
    (part.element as HTMLElement).style.setProperty(name, value);
    return noChange;
  }
}

/** Use it as an attribute without a name: `<span ${variable("--part", "0.5")}></span>`. */
export const variable = directive(Variable);
