import type { Activity } from "../domain/activity.ts";

/** An activity as exports tell it, and as `validate` says that an event would be recorded. */
export function activityView(activity: Activity): Record<string, unknown> {
  const { messageId, at, kind, name, lines, orderId, currency, value, detail } = activity;
  return {
    message_id: messageId,
    timestamp: new Date(at).toISOString(),
    kind,
    name,
    ...(orderId !== undefined && { order_id: orderId }),
    ...(currency !== undefined && { currency }),
    ...(value !== undefined && { value }),
    ...(detail !== undefined && { detail }),
    products: lines.map(({ productId, imageUrl, ...rest }) => ({
      product_id: productId,
      ...rest,
      ...(imageUrl !== undefined && { image_url: imageUrl }),
    })),
  };
}
