export { run } from "./bank";
export { count_cdf, count_excess, count_quantile, normal_cdf, normal_quantile } from "./distribution";
export { reset_group } from "./score";
export { load_block, observe, observe_behaviour } from "./stage";
