import { expect, test } from "vitest";
import { call, newest, publish, viewed, WRITE } from "./call.ts";

test("[ST28] to fresh_stock what is held is gone, and what takes backorders is there", async () => {
  const batch = ["plain", "variants", "unkept", "held"].map((id) =>
    viewed("shopper", id, {
      properties: { product_id: id, sku: id === "variants" ? "variant-red" : id, name: id, category: "C" },
    }),
  );
  await call("POST", "/v1/batch", { key: WRITE, body: { batch } });
  const { json } = await call("PUT", "/v1/products/variants", { body: { skus: ["variant-blue"] } });
  expect(json.skus).toEqual(["variant-blue"]);
  await publish();
  await newest();
  const shown = async (): Promise<string[]> => {
    const body = { recent: [], limit: 10, fresh_stock: true };
    const { json } = await call("POST", "/v1/recommendations", { key: WRITE, body });
    return json.items.map(({ product_id }: { product_id: string }) => product_id).sort();
  };
  const put = (sku: string, on_hand: number) => call("PUT", `/v1/inventory/${sku}`, { body: { on_hand } });
  expect(await shown()).toEqual(["held", "plain", "unkept", "variants"]);
  await put("plain", 0);
  await put("variant-red", 0);
  await put("variant-blue", 1);
  await put("held", 2);
  expect(await shown()).toEqual(["held", "unkept", "variants"]);
  const { headers } = await call("POST", "/v1/reservations", {
    body: {
      items: [
        { sku: "variant-blue", quantity: 1 },
        { sku: "held", quantity: 2 },
      ],
    },
  });
  expect(await shown()).toEqual(["unkept"]);
  await call("POST", `${headers.get("location")}/release`);
  await call("PUT", "/v1/inventory/plain", { body: { backorders: true } });
  expect(await shown()).toEqual(["held", "plain", "unkept", "variants"]);
});
