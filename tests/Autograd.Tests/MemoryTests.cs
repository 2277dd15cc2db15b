using MuxKernels.Layers;
using Xunit;

namespace MuxKernels.Autograd.Tests;

public class MemoryTests
{
    private static readonly Shape Image = new(2, 3, 64, 64);

    [Fact]
    public void Without_a_record_memory_is_given_back_after_each_module()
    {
        using LedgerDevice device = new();
        using MuxNet network = MuxNets.Build("muxnet-m");
        long own = Own(network, device);
        using (Session session = new(device))
        {
            Tensor y = network.Invoke(session.Placeholder(Image));
            Assert.Equal(own + Image.Length + y.Shape.Length, device.LiveLength);
        }

        Assert.Equal(own, device.LiveLength);
        long quiet = device.Peak - own;
        using (Session session = new(device, training: true, record: true))
        {
            network.Invoke(session.Placeholder(Image));
        }

        Assert.True(device.Peak - own > 2 * quiet, $"{device.Peak - own} with a record, {quiet} without");
    }

    [Fact]
    public void A_training_step_gives_everything_back()
    {
        using LedgerDevice device = new();
        MuxNet network = MuxNets.Build("muxnet-xs", 10);
        long own = Own(network, device);
        Sgd sgd = new(network.Store!, 0.1, momentum: 0.9);
        int buffers = device.Live;
        Session session = new(device, training: true, record: true);
        for (int step = 0; step < 2; step++)
        {
            network.Store!.ZeroGradients();
            session.Backward(network.Invoke(session.Placeholder(Image)).CrossEntropy([1f, 2f]));
            sgd.Step();
            session.Clear();
            Assert.Equal(buffers, device.Live);
        }

        session.Dispose();
        sgd.Dispose();
        Assert.Equal(own, device.LiveLength);
        network.Dispose();
        Assert.Equal(0, device.Live);
    }

    [Fact]
    public void A_tensor_inside_a_module_is_gone_after_it_and_says_so()
    {
        using ReferenceDevice device = new();
        using Session session = new(device);
        Inner module = new();
        Tensor x = session.Input(new Shape(1, 2, 2, 2), Numbers.Doubles(1, new Shape(1, 2, 2, 2)));
        Tensor y = module.Invoke(x);
        Assert.Equal(8, y.ToArray().Length);
        ObjectDisposedException error = Assert.Throws<ObjectDisposedException>(() => module.Middle!.ToArray());
        Assert.Contains("given back", error.Message, StringComparison.Ordinal);
        session.Clear();
        Assert.Throws<ObjectDisposedException>(() => y.ToArray());
    }

    [Fact]
    public void With_a_record_it_stays_until_the_backward_pass()
    {
        using ReferenceDevice device = new();
        using Session session = new(device, record: true);
        Inner module = new();
        Tensor x = session.Input(new Shape(1, 2, 2, 2), Numbers.Doubles(1, new Shape(1, 2, 2, 2)), needsGradient: true);
        Tensor y = module.Invoke(x);
        Assert.Equal(8, module.Middle!.ToArray().Length);
        session.Backward(y);
        Assert.Throws<ObjectDisposedException>(() => module.Middle!.ToArray());
        Assert.Equal(8, x.ToArray().Length);
        Assert.Equal(8, x.GradientToDoubles().Length);
    }

    private static long Own(MuxNet network, LedgerDevice device)
    {
        network.Materialize(device);
        return device.LiveLength;
    }

    private sealed class Inner : Module
    {
        public Tensor? Middle { get; private set; }

        protected override Tensor Forward(Tensor x)
        {
            Middle = x.Activate(ActivationKind.Swish);
            return Middle.Shuffle(2);
        }
    }
}
