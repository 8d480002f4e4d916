interface Due {
  readonly at: number;
  readonly id: string;
}

/** Holds by when they expire: a binary heap. Holds that have ended meanwhile stay in it until they come up. */
export class ExpiryQueue {
  private readonly heap: Due[] = [];

  get first(): Due | undefined {
    return this.heap[0];
  }

  push(at: number, id: string): void {
    const { heap } = this;
    let i = heap.length;
    heap.push({ at, id });
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (heap[parent]!.at <= at) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = { at, id };
  }

  pop(): void {
    const { heap } = this;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let i = 0;
    for (let child = 1; child < heap.length; child = 2 * i + 1) {
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child++;
      if (heap[child]!.at >= last.at) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
  }
}
