namespace MuxKernels.Benchmarks;

/// <summary>1×1 convolutions.</summary>
public class Pointwise() : KernelBenchmarks("pointwise.forward");

/// <summary>Dense convolutions (the stem).</summary>
public class Dense() : KernelBenchmarks("dense.forward");

/// <summary>Depthwise convolutions.</summary>
public class Depthwise() : KernelBenchmarks("depthwise.forward");

/// <summary>Convolutions of a few channels a group.</summary>
public class GroupWise() : KernelBenchmarks("group.forward");

/// <summary>Depthwise convolutions of several kernel sizes.</summary>
public class Mixed() : KernelBenchmarks("mixed.forward");

/// <summary>Spatially multiplexed convolutions (networks with scales, such as muxnet-m-spatial).</summary>
public class MuxConvolution() : KernelBenchmarks("muxconv.forward");

/// <summary>Classifiers.</summary>
public class FullyConnected() : KernelBenchmarks("linear.forward");

/// <summary>Batch normalisation of inference.</summary>
public class Normalisation() : KernelBenchmarks("batchnorm.forward-eval");

/// <summary>Squeeze-and-excite gates.</summary>
public class Gates() : KernelBenchmarks("squeeze-excite.forward");

/// <summary>Gradients of depthwise convolutions.</summary>
public class DepthwiseGradient() : KernelBenchmarks("depthwise.backward-input", "depthwise.backward-weight");
